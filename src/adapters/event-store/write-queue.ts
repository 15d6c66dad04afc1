import { Worker } from 'node:worker_threads';
import type { EncodedAppend } from './encode.ts';
import type { AppendResult } from './port.ts';
import type { FromWriter, ToWriter, WriterRequest, WriterSetup } from './writer-messages.ts';

/** The writing thread as seen from the thread that appends. */
export interface WriteQueue {
  append(append: EncodedAppend, signal?: AbortSignal): Promise<AppendResult>;
  /** Answers everything accepted so far, then ends the thread. */
  close(): Promise<void>;
}

interface Waiting extends WriterRequest {
  readonly answer: (result: AppendResult) => void;
}

/** Of the thread, one after the other, without a single answer between. */
const MAX_DEATHS = 3;
const unavailable = (message: string): AppendResult => ({ ok: false, code: 'StoreUnavailable', message });
const unknown = (message: string): AppendResult => ({ ok: false, code: 'OutcomeUnknown', message });

/** Rejects, with a sentence that says what to do, when the log cannot be opened. */
export async function startWriteQueue(place: Omit<WriterSetup, 'bell'>, onStored: () => void): Promise<WriteQueue> {
  const waiting = new Map<number, Waiting>();
  let outbox: WriterRequest[] = [];
  let worker: Worker | undefined;
  let requests = 0;
  let deaths = 0;
  let starting: Promise<void> | undefined;
  let closed = false;

  const bell = new Int32Array(new SharedArrayBuffer(4));

  const post = (message: ToWriter): void => {
    worker?.postMessage(message);
    Atomics.add(bell, 0, 1);
    Atomics.notify(bell, 0);
  };
  const flush = (): void => {
    if (!worker || outbox.length === 0) return;
    post(outbox);
    outbox = [];
  };

  function settle(request: number, result: AppendResult): void {
    const entry = waiting.get(request);
    waiting.delete(request);
    if (waiting.size === 0) worker?.unref();
    entry?.answer(result);
  }

  async function start(): Promise<void> {
    worker = await startWorker({ ...place, bell }, ({ request, result }) => {
      deaths = 0;
      if (result.ok && !result.duplicate) onStored();
      settle(request, result);
    });
    if (waiting.size === 0) worker.unref();
    worker.once('exit', () => {
      worker = undefined;
      deaths += 1;
      if (waiting.size > 0) void revive();
    });
  }

  /** Appends are safe to repeat as they were: whatever has no answer yet is sent again, in order. */
  function revive(): Promise<void> {
    starting ??= (async () => {
      try {
        if (deaths > MAX_DEATHS) throw new Error('it died again and again');
        await start();
        outbox = [...waiting.values()].map(({ request, append }) => ({ request, append }));
        flush();
      } catch (error) {
        deaths = 0;
        const reason = `The writer of the event log has ended (${error instanceof Error ? error.message : error}): repeat with the same ids.`;
        for (const request of [...waiting.keys()]) settle(request, unknown(reason));
      } finally {
        starting = undefined;
      }
    })();
    return starting;
  }

  await start();
  return {
    append: (append, signal) => {
      if (closed) return Promise.resolve(unavailable('The event store has been closed.'));
      if (signal?.aborted) return Promise.resolve(unknown('The append was given up before it was sent.'));
      const { promise, resolve } = Promise.withResolvers<AppendResult>();
      const request = ++requests;
      const giveUp = () => settle(request, unknown('The append was given up before its answer came: repeat with the same ids to learn it.'));
      signal?.addEventListener('abort', giveUp, { once: true });
      waiting.set(request, {
        request,
        append,
        answer: (result) => {
          signal?.removeEventListener('abort', giveUp);
          resolve(result);
        },
      });
      if (waiting.size === 1) worker?.ref();
      outbox.push({ request, append });
      if (outbox.length === 1) queueMicrotask(flush);
      if (!worker) void revive();
      return promise;
    },
    close: async () => {
      if (closed) return;
      closed = true;
      await starting;
      flush();
      const ending = worker;
      if (!ending) return;
      ending.ref();
      const { promise, resolve } = Promise.withResolvers<void>();
      ending.once('exit', () => resolve());
      post('close');
      await promise;
    },
  };
}

/** Resolves once the thread has opened the log. */
function startWorker(setup: WriterSetup, onAnswer: (answer: { request: number; result: AppendResult }) => void): Promise<Worker> {
  const { promise, resolve, reject } = Promise.withResolvers<Worker>();
  const worker = new Worker(new URL('./sqlite-writer.ts', import.meta.url), { workerData: setup });
  worker.on('message', (message: FromWriter) => {
    if (message === 'ready') resolve(worker);
    else if ('failed' in message) reject(new Error(message.failed));
    else for (const answer of message.answers) onAnswer(answer);
  });
  worker.on('error', reject);
  worker.once('exit', () => reject(new Error('The writing thread ended before it had opened the log.')));
  return promise;
}
