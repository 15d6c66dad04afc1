import { createHmac } from 'node:crypto';
import canonicalize from 'canonicalize';
import { v5 } from 'uuid';
import { createFileAddresses, type FileAddresses } from './file-addresses.ts';
import { createReaders, type Readers } from './readers.ts';

export interface AssistantUiOptions {
  /** The installation's secret: signs the addresses of files and names what a client posts twice. */
  readonly secret: Buffer;
  /** Where the server is reached from outside; default: as the request calls it. */
  readonly publicUrl?: string | undefined;
}

/** What the routes of the dialect share. */
export interface Dialect {
  readonly addresses: FileAddresses;
  readonly readers: Readers;
  /** The id of the command that does this; equal facts give equal ids. */
  readonly commandId: (facts: unknown) => string;
  /** Work on one thing in order, within this process. */
  readonly inTurn: <Result>(key: string, work: () => Promise<Result>) => Promise<Result>;
}

const COMMANDS = '0d5ad9c2-2f6d-4a6c-8a5f-5a7f3c1f4b60';

export function createDialect({ secret, publicUrl }: AssistantUiOptions): Dialect {
  const queues = new Map<string, Promise<unknown>>();
  return {
    addresses: createFileAddresses(secret, publicUrl),
    readers: createReaders(),
    commandId: (facts) =>
      v5(
        createHmac('sha256', secret)
          .update(canonicalize(facts) ?? '')
          .digest('hex'),
        COMMANDS,
      ),
    inTurn: async (key, work) => {
      const before = queues.get(key) ?? Promise.resolve();
      const mine = before.then(work, work);
      queues.set(key, mine);
      try {
        return await mine;
      } finally {
        if (queues.get(key) === mine) queues.delete(key);
      }
    },
  };
}
