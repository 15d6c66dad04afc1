import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../domain/event.ts';
import { followChanges } from '../mongo/changes.ts';
import type { MongoConnection } from '../mongo/connection.ts';
import { createDoorbell } from './doorbell.ts';
import { createListeners } from './listeners.ts';
import { createSentLog, type SentMessage } from './mongodb-log.ts';
import type { Bus } from './port.ts';

/** How often a process looks by itself at what the others said; where a change stream wakes it, only in case that one fails unseen. */
const LOOK_MS = { woken: 1_000, unwoken: 25 };
const AGAIN_MS = 250;
/** So many messages wait for a server that is away; more are dropped. */
const MOST_WAITING = 1_000;

const INSERTED = [{ $match: { operationType: 'insert' } }, { $project: { documentKey: 1 } }];

const Message = z.record(z.string(), z.json());

/**
 * The bus over the collection `bus`: this process hears itself at once, others are woken by a change stream where the server has them and look every
 * 25 ms otherwise, both only while somebody listens. Closing leaves the connection open. Throws when the server is away.
 */
export async function openMongoBus(connection: MongoConnection): Promise<Bus> {
  const { changeStreams, reach } = connection;
  const me = randomBytes(9).toString('base64url');
  const log = createSentLog(connection);
  const listeners = createListeners();
  let heard = await reach(() => log.open());
  let waiting: SentMessage[] = [];
  let sending: Promise<void> | undefined;
  let listening: AbortController | undefined;

  // One write at a time: what is published meanwhile goes along with the next.
  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const messages = waiting;
      waiting = [];
      await log.add(me, messages).catch(() => undefined);
    }
    sending = undefined;
  }

  async function publish(topic: string, message: JsonObject): Promise<void> {
    const text = JSON.stringify(message);
    listeners.tell(topic, parse(text));
    if (waiting.length >= MOST_WAITING) return;
    waiting.push({ topic, text });
    sending ??= sendAll();
    await sending;
  }

  /** Says whether there may be more. */
  async function hearOthers(): Promise<boolean> {
    const from = heard;
    const { sent, begunAnew } = await log.after(from);
    if (begunAnew && sent.length === 0) heard = 0;
    for (const { number, from: sender, messages } of sent) {
      if (number <= heard) continue;
      heard = number;
      if (sender !== me) for (const { topic, text } of messages) listeners.tell(topic, parse(text));
    }
    return sent.length > 0;
  }

  async function listen(signal: AbortSignal): Promise<void> {
    const { ring, wait } = createDoorbell();
    if (changeStreams) void followChanges({ collection: log.rows, pipeline: INSERTED, hear: ring, watching: ring, signal });
    while (!signal.aborted) {
      const more = await hearOthers().catch(() => 'failed' as const);
      if (more === 'failed') await wait(AGAIN_MS, signal);
      else if (!more) await wait(changeStreams ? LOOK_MS.woken : LOOK_MS.unwoken, signal);
    }
  }

  function listenWhileWanted(): void {
    const wanted = listeners.count() > 0;
    if (!wanted) listening?.abort();
    if (!wanted) listening = undefined;
    else if (listening === undefined) {
      listening = new AbortController();
      void listen(listening.signal);
    }
  }

  function subscribe(topic: string, hear: (message: JsonObject) => void): () => void {
    const stop = listeners.add(topic, hear);
    listenWhileWanted();
    return () => {
      stop();
      listenWhileWanted();
    };
  }

  async function close(): Promise<void> {
    listeners.clear();
    listenWhileWanted();
    await sending;
  }

  return { publish, subscribe, close };
}

const parse = (text: string): JsonObject => Message.parse(JSON.parse(text));
