import type { JobId, RunId } from '../domain/ids.ts';
import { jobStream } from '../domain/job.ts';
import { runStream } from '../domain/run/index.ts';
import { type Shard, wholeLog } from './shard.ts';

/** Work that has a stream of its own: an answer, or a job. */
export type EffectId = RunId | JobId;
export const effectStream = (id: EffectId): string => (id.startsWith('job_') ? jobStream(id) : runStream(id));

/** Which of the installation's work is this process's. Being wrong about it costs work twice, never correctness: epochs and revisions see to that. */
export interface Duties {
  /** Does the work for each shard that is this process's, as long as it is; resolves after the signal, once all of it has ended. */
  react(work: (shard: Shard, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Does the work as long as no other process does, which `isTurn` says at the moment of asking; resolves after the signal. */
  alone(name: string, work: (signal: AbortSignal, isTurn: () => boolean) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** When this process looks for what a dead one left open: after the start, and from then on that often (ms), or never. */
  readonly takeOver: 'once' | 'never' | { readonly everyMs: number };
  /** Which open runs and jobs it looks for. */
  looksAfter(effect: EffectId): boolean;
  /** This process is about to work on it: until it is released, or this process is dead, nobody else takes it up. */
  claim(effect: EffectId): Promise<void>;
  release(effect: EffectId): Promise<void>;
  /** Whether whoever claimed it is dead. */
  isAbandoned(effect: EffectId): Promise<boolean>;
}

/** One process does everything, and whoever did before it is dead. */
export const allDuties: Duties = {
  react: (work, signal) => work(wholeLog, signal),
  alone: (_name, work, signal) => work(signal, () => true),
  takeOver: 'once',
  looksAfter: () => true,
  claim: async () => undefined,
  release: async () => undefined,
  isAbandoned: async () => true,
};

const none = async (): Promise<void> => undefined;

/** What only answers clients: others react. */
export const noDuties: Duties = {
  react: none,
  alone: none,
  takeOver: 'never',
  looksAfter: () => false,
  claim: none,
  release: none,
  isAbandoned: async () => false,
};
