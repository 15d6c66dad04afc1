import { z } from 'zod';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import type { Position } from '../adapters/event-store/port.ts';
import type { Shard } from './shard.ts';

/** By name of the reaction: up to there it has dealt with every event of the shard. */
export type ReactionPlaces = ReadonlyMap<string, Position>;

const Stored = z.record(z.string(), z.string());
const collectionOf = ({ name }: Shard): string => `reactions${name}@1`;

/** Those that mean something in this life of the log. */
export async function readReactionPlaces(state: DocumentStore, shard: Shard, epoch: string): Promise<ReactionPlaces> {
  const checkpoint = await state.checkpoint(collectionOf(shard));
  return new Map(checkpoint?.epoch === epoch ? Object.entries(Stored.parse(checkpoint.meta)) : []);
}

/** Makes room where there is none yet; places of another life of the log go. */
export async function openReactionPlaces(state: DocumentStore, shard: Shard, epoch: string): Promise<void> {
  const checkpoint = await state.checkpoint(collectionOf(shard));
  if (checkpoint && checkpoint.epoch !== epoch) await state.drop(collectionOf(shard));
  await state.open(collectionOf(shard), []);
}

/** All of them in one write. Somebody who has come less far than what is stored changes nothing. */
export async function saveReactionPlaces(state: DocumentStore, shard: Shard, epoch: string, places: ReactionPlaces): Promise<void> {
  const position = [...places.values()].toSorted().at(-1);
  if (position !== undefined) await state.commit(collectionOf(shard), [], { position, epoch, meta: Object.fromEntries(places) });
}
