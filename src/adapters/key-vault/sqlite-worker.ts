import { parentPort, workerData } from 'node:worker_threads';
import { openVaultDatabase, type VaultReply, type VaultRequest } from './vault-database.ts';

/** The thread that waits for the disk. It gets batches of requests and answers each after its commit. */
export interface VaultWorkerData {
  readonly file: string;
  readonly check: Uint8Array;
}
export type ToVaultWorker = { readonly batch: readonly VaultRequest[] } | 'close';
export type FromVaultWorker = { readonly check: Uint8Array } | { readonly replies: readonly VaultReply[] } | { readonly error: string } | 'closed';

const RETRY_TRUNCATION_MS = 1_000;

const { file, check }: VaultWorkerData = workerData;
const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread of the key vault.');

let database = openVaultDatabase(file, check);
let retry: NodeJS.Timeout | undefined;
const send = (message: FromVaultWorker) => port.postMessage(message);

function truncateLog(): void {
  clearTimeout(retry);
  retry = database.truncateLog() ? undefined : setTimeout(truncateLog, RETRY_TRUNCATION_MS);
}

function commit(batch: readonly VaultRequest[]): void {
  try {
    const replies = database.commit(batch);
    if (batch.some((request) => request.op === 'destroyScope' || request.op === 'destroySubject')) truncateLog();
    send({ replies });
  } catch (error) {
    send({ error: error instanceof Error ? error.message : String(error) });
    // After a failed sync the handle's pages may not be what the disk holds: never go on with it.
    database.close();
    database = openVaultDatabase(file, check);
  }
}

port.on('message', (message: ToVaultWorker) => {
  if (message !== 'close') {
    commit(message.batch);
    return;
  }
  clearTimeout(retry);
  database.truncateLog();
  database.close();
  send('closed');
  port.close();
});
truncateLog();
send({ check: database.check });
