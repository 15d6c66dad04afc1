import { Worker } from 'node:worker_threads';
import { VaultUnavailable } from './port.ts';
import type { FromVaultWorker, ToVaultWorker, VaultWorkerData } from './sqlite-worker.ts';
import type { VaultReply, VaultRequest } from './vault-database.ts';

interface Waiting {
  readonly request: VaultRequest;
  readonly resolve: (reply: VaultReply) => void;
  readonly reject: (error: Error) => void;
}

/** The vault's thread, seen from the main one: what is asked while a batch is being committed makes up the next batch. */
export interface VaultWorker {
  readonly check: Uint8Array;
  ask(request: VaultRequest): Promise<VaultReply>;
  /** After everything asked so far. */
  close(): Promise<void>;
}

export function startVaultWorker(data: VaultWorkerData): Promise<VaultWorker> {
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: data });
  const post = (message: ToVaultWorker) => worker.postMessage(message);
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let waiting: Waiting[] = [];
  let inFlight: Waiting[] = [];
  let lost: Error | undefined;
  let closing = false;

  function sendBatch(): void {
    if (inFlight.length > 0 || lost) return;
    inFlight = waiting;
    waiting = [];
    if (inFlight.length > 0) post({ batch: inFlight.map(({ request }) => request) });
    else if (closing) post('close');
  }

  function settle(each: (one: Waiting, index: number) => void): void {
    const done = inFlight;
    inFlight = [];
    sendBatch();
    done.forEach(each);
  }

  function lose(error: Error): void {
    lost ??= error;
    const rejected = [...inFlight, ...waiting];
    inFlight = [];
    waiting = [];
    for (const { reject } of rejected) reject(lost);
  }

  function ask(request: VaultRequest): Promise<VaultReply> {
    if (lost || closing) return Promise.reject(lost ?? new Error('The key vault is closed.'));
    return new Promise((resolve, reject) => {
      if (waiting.push({ request, resolve, reject }) === 1) queueMicrotask(sendBatch);
    });
  }

  function close(): Promise<void> {
    if (!closing) queueMicrotask(sendBatch);
    closing = true;
    return exited;
  }

  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromVaultWorker) => {
      if (message === 'closed') lost ??= new Error('The key vault is closed.');
      else if ('check' in message) resolve({ check: message.check, ask, close });
      else if ('fault' in message) {
        const error = message.fault.passing ? new VaultUnavailable(message.fault.message) : new Error(message.fault.message);
        settle(({ reject: fail }) => fail(error));
        reject(error);
      } else settle((one, index) => replyTo(one, message.replies[index]));
    });
    worker.once('error', (error) => {
      const cause = error instanceof Error ? error : new Error(String(error));
      lose(cause);
      reject(cause);
    });
    worker.once('exit', () => lose(new Error('The thread of the key vault has ended.')));
  });
}

function replyTo({ resolve, reject }: Waiting, reply: VaultReply | undefined): void {
  if (reply) resolve(reply);
  else reject(new Error('The thread of the key vault answered fewer requests than it was asked.'));
}
