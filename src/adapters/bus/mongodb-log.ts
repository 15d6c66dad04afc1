import { z } from 'zod';
import type { MongoConnection } from '../mongo/connection.ts';
import { isDuplicate } from '../mongo/outage.ts';

const Sent = z.object({
  _id: z.number(),
  /** The same again, for an index of its own: not every server that speaks the protocol looks up a range of `_id` by its index. */
  number: z.number(),
  from: z.string(),
  /** `text` is the message as JSON, whose keys may be what a document's may not. */
  messages: z.array(z.object({ topic: z.string(), text: z.string() })).catch([]),
});
export type Sent = z.output<typeof Sent>;
export type SentMessage = Sent['messages'][number];

export interface SentLog {
  readonly rows: ReturnType<typeof collectionOf>;
  /** To be called first; gives the last number, 0 when there is none. */
  open(): Promise<number>;
  add(from: string, messages: readonly SentMessage[]): Promise<void>;
  /** What comes after a number, in order; `begunAnew` when that number is not there, because it was removed or a restore brought back an older log. */
  after(number: number): Promise<{ readonly sent: readonly Sent[]; readonly begunAnew: boolean }>;
}

const KEPT = 1_000;
const REMOVED_EVERY = 100;
const PAGE = 500;

// Hints need not outlive the server, and must be seen at once.
const collectionOf = ({ db }: MongoConnection) =>
  db.collection<Sent>('bus', { writeConcern: { w: 1, journal: false }, readConcern: { level: 'local' } });

/**
 * What processes tell each other, numbered without gaps in the order in which the server took it: whoever writes takes the number after the last,
 * and the next one when another was faster. So no reader passes one by, and nobody's clock matters. Only the last thousand or so are kept.
 */
export function createSentLog(connection: MongoConnection): SentLog {
  const rows = collectionOf(connection);
  let known = 0;

  async function open(): Promise<number> {
    await rows.createIndex({ number: 1 });
    const found = await rows.findOne({}, { sort: { number: -1 } });
    known = found?.number ?? 0;
    return known;
  }

  async function add(from: string, messages: readonly SentMessage[]): Promise<void> {
    const number = known + 1;
    try {
      await rows.insertOne({ _id: number, number, from, messages: [...messages] });
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      await after(known);
      return add(from, messages);
    }
    known = Math.max(known, number);
    if (number % REMOVED_EVERY === 0) await rows.deleteMany({ number: { $lt: number - KEPT } });
  }

  async function after(number: number): Promise<{ sent: Sent[]; begunAnew: boolean }> {
    const found = await rows
      .find({ number: { $gte: number } })
      .sort({ number: 1 })
      .limit(PAGE)
      .toArray();
    const sent = found.map((row) => Sent.parse(row)).filter((row) => row.number > number);
    known = Math.max(known, sent.at(-1)?.number ?? 0);
    return { sent, begunAnew: sent.length === found.length };
  }

  return { rows, open, add, after };
}
