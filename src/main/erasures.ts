import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openErasureFiles } from '../adapters/erasure-list/file.ts';
import { listingVault } from '../adapters/erasure-list/listing-vault.ts';
import type { ErasureList } from '../adapters/erasure-list/port.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { KeyVault } from '../adapters/key-vault/port.ts';
import { isDistributed, type Settings } from '../settings.ts';
import { applyErasureList, applyErasures } from '../workers/apply-erasures.ts';
import { StartRefused, sentenceOf } from './refused.ts';

/** Where erasures are listed: in the data folder where there is one, and in the file of the setting, which backups should know nothing of. */
export const erasureFilesOf = (settings: Settings): readonly string[] => [
  ...(settings.ANNALS_ERASURES_FILE === undefined ? [] : [settings.ANNALS_ERASURES_FILE]),
  ...(isDistributed(settings) ? [] : [join(settings.ANNALS_DATA, 'erasures.jsonl')]),
];

export interface OpenedList {
  readonly list: ErasureList;
  /** Some place of it was not there before. */
  readonly isNew: boolean;
}

/** Throws `StartRefused` when one of the files cannot be read or written. */
export function openErasureList(settings: Settings): OpenedList {
  const files = erasureFilesOf(settings);
  const isNew = files.some((file) => !existsSync(file));
  try {
    return { list: openErasureFiles(files), isNew };
  } catch (error) {
    throw new StartRefused(sentenceOf(error));
  }
}

/** The vault as everybody uses it, once all that the log and the list say is erased has been erased in it. Answers also how much it had not seen. */
export async function withErasures(store: EventStore, vault: KeyVault, { list, isNew }: OpenedList): Promise<{ vault: KeyVault; applied: number }> {
  const listed = await applyErasureList(list, vault);
  const listing = listingVault(vault, list);
  return { vault: listing, applied: listed + (await applyErasures(store, listing, { anew: isNew })) };
}
