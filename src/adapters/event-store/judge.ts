import { type EncodedAppend, positionOf } from './encode.ts';
import type { AppendResult } from './port.ts';

/** Where an event stands: `place` is its position as a number. */
export interface Standing {
  readonly stream: string;
  readonly revision: number;
  readonly place: number;
}

export interface LogFacts {
  /** Revision of the stream's last event, -1 when it is empty. */
  lastRevision(stream: string): number;
  find(id: string): Standing | undefined;
}

export type Verdict = { readonly storeFrom: number } | { readonly answer: AppendResult };

/** Decides an append before anything is written: the revision its first event gets, or the answer that needs no writing. */
export function judge(log: LogFacts, { stream, events, expected }: EncodedAppend): Verdict {
  const found = events.map(({ id }) => log.find(id));
  const first = expected === 'any' ? found[0]?.revision : expected === 'noStream' ? 0 : Number(expected) + 1;
  const last = found.at(-1);
  if (last && found.every((event, index) => event?.stream === stream && event.revision === (first ?? 0) + index)) {
    return { answer: { ok: true, revision: BigInt(last.revision), position: positionOf(last.place), duplicate: true } };
  }
  const current = log.lastRevision(stream);
  const expectedNext = expected === 'any' || first === current + 1;
  if (!expectedNext || found.some((event) => event !== undefined)) return { answer: conflict(current) };
  return { storeFrom: current + 1 };
}

const conflict = (current: number): AppendResult => ({
  ok: false,
  code: 'WrongExpectedRevision',
  ...(current >= 0 ? { actual: BigInt(current) } : {}),
});
