import { parentPort, workerData } from 'node:worker_threads';
import { openVaultDatabase, type VaultDatabase, type VaultReply, type VaultRequest } from './vault-database.ts';
import { faultOf, type VaultFault } from './vault-faults.ts';

/** The thread that waits for the disk. It gets batches of requests and answers each after its commit. */
export interface VaultWorkerData {
  readonly file: string;
  readonly check: Uint8Array;
}
export type ToVaultWorker = { readonly batch: readonly VaultRequest[] } | 'close';
export type FromVaultWorker =
  | { readonly check: Uint8Array }
  | { readonly replies: readonly VaultReply[] }
  | { readonly fault: VaultFault }
  | 'closed';

const RETRY_TRUNCATION_MS = 1_000;

const { file, check }: VaultWorkerData = workerData;
const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread of the key vault.');

let database: VaultDatabase | undefined;
let retry: NodeJS.Timeout | undefined;
const send = (message: FromVaultWorker) => port.postMessage(message);

function truncateLog(): void {
  clearTimeout(retry);
  retry = database?.truncateLog() === false ? setTimeout(truncateLog, RETRY_TRUNCATION_MS) : undefined;
}

function commit(batch: readonly VaultRequest[]): void {
  try {
    database ??= openVaultDatabase(file, check);
    const replies = database.commit(batch);
    if (batch.some((request) => request.op === 'destroyScope' || request.op === 'destroySubject')) truncateLog();
    send({ replies });
  } catch (error) {
    // After a failed sync the handle's pages may not be what the disk holds: never go on with it.
    database?.close();
    database = undefined;
    send({ fault: faultOf(file, error) });
  }
}

port.on('message', (message: ToVaultWorker) => {
  if (message !== 'close') {
    commit(message.batch);
    return;
  }
  clearTimeout(retry);
  database?.truncateLog();
  database?.close();
  send('closed');
  port.close();
});
try {
  database = openVaultDatabase(file, check);
  truncateLog();
  send({ check: database.check });
} catch (error) {
  send({ fault: faultOf(file, error) });
  port.close();
}
