import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Expected } from '../port.ts';
import type { Appender } from './append.ts';
import { EventStoreUnavailable, typeOf } from './failures.ts';
import { type Opening, type Reading, readSteadily } from './reading.ts';
import { META, type Proposed } from './stored.ts';

const STREAM = `${META}epoch`;
const EpochBegan = z.object({ epoch: z.uuid() });

/** The last epoch that was begun; the first who asks begins the first one. */
export async function currentEpoch(reading: Reading, append: Appender, signal?: AbortSignal): Promise<string> {
  const found = await lastEpoch(reading, signal);
  if (found !== undefined) return found;
  await beginEpoch(append, 'noStream');
  return currentEpoch(reading, append, signal);
}

/** Old positions mean nothing from now on. */
export async function beginEpoch(append: Appender, expected: Expected = 'any'): Promise<void> {
  const settled = await append({ stream: STREAM, events: [epochBegan()], expected });
  if ('stored' in settled || settled.answer.ok || settled.answer.code === 'WrongExpectedRevision') return;
  throw new EventStoreUnavailable(settled.answer.message);
}

function epochBegan(): Proposed {
  const metadata = new TextEncoder().encode('{}');
  return { event: { id: randomUUID(), contentType: 'application/json', type: 'EpochBegan', data: { epoch: randomUUID() }, metadata }, bytes: 0 };
}

async function lastEpoch(reading: Reading, signal: AbortSignal | undefined): Promise<string | undefined> {
  const { BACKWARDS, END } = reading.connection.library;
  const open: Opening = (client, { count }) =>
    count > 0 ? undefined : client.readStream(STREAM, { direction: BACKWARDS, fromRevision: END, maxCount: 1 });
  try {
    for await (const { event } of readSteadily(reading, open, signal)) return EpochBegan.parse(event?.data).epoch;
  } catch (error) {
    if (typeOf(error) !== 'stream-not-found') throw error;
  }
  return undefined;
}
