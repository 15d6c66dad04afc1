import { z } from 'zod';
import type { DocumentStore } from '../../adapters/document-store/port.ts';
import type { McpStatus } from '../../domain/mcp/status.ts';

const COLLECTION = 'mcp-status@1';
/** Shown again at least that often while a connection is there, so that whoever looks knows that somebody still has it. */
const AGAIN_MS = 5000;
/** What has not been shown for so long is of a process that is no more. */
const STALE_MS = 20_000;
const GATHER_MS = 100;

const Shown = z.object({ status: z.custom<McpStatus>((value) => typeof value === 'object' && value !== null), process: z.string(), at: z.string() });
/** A status, and which process has the connection. */
export type ShownStatus = McpStatus & { readonly process: string };

/** Where the processes of an installation tell each other, and whoever asks, of their connections. It holds nothing that is not made anew after a start. */
export interface McpBoard {
  show(status: McpStatus): void;
  /** What living processes say of these servers; of one connection that ended here and went on there the newest. */
  read(serverIds: readonly string[]): Promise<readonly ShownStatus[]>;
  /** Writes what is gathered, and again what still holds. */
  sweep(current: readonly McpStatus[], when?: 'now'): Promise<void>;
  flush(): Promise<void>;
}

export function createMcpBoard({ state, process, now }: { state: DocumentStore; process: string; now: () => Date }): McpBoard {
  const gathered = new Map<string, McpStatus>();
  let opened: Promise<void> | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let last = 0;
  let sweptAt = 0;

  const open = (): Promise<void> =>
    (opened ??= state.open(COLLECTION, [['serverId']]).catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));
  /** Later than any before it of this process; of two processes the one that writes last counts. */
  const position = (): string => {
    last = Math.max(last + 1, Date.now() * 1000);
    return String(last).padStart(20, '0');
  };
  const write = async (): Promise<void> => {
    const statuses = [...gathered.values()];
    gathered.clear();
    if (statuses.length === 0) return;
    await open();
    const at = now().toISOString();
    const operations = statuses.map((status) => ({
      kind: 'put' as const,
      id: `${status.serverId}/${status.person}/${process}`,
      position: position(),
      doc: { serverId: status.serverId, at, process, status: JSON.parse(JSON.stringify(status)) },
    }));
    await state.commit(COLLECTION, operations, { position: position(), epoch: 'status' });
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const written = writing.then(write);
    writing = written.catch(() => undefined);
    return written;
  };

  return {
    show(status) {
      gathered.set(`${status.serverId} ${status.person}`, status);
      timer ??= setTimeout(() => void flush().catch(() => undefined), GATHER_MS).unref();
    },
    async read(serverIds) {
      if (serverIds.length === 0) return [];
      await open();
      const { documents } = await state.find(COLLECTION, { serverId: { in: serverIds } }, { limit: 1000 });
      const oldest = new Date(now().getTime() - STALE_MS).toISOString();
      return documents.flatMap(({ doc }) => {
        const { status, process: of, at } = Shown.parse(doc);
        return at >= oldest ? [{ ...status, process: of }] : [];
      });
    },
    async sweep(current, when) {
      if (when !== 'now' && now().getTime() - sweptAt < AGAIN_MS) return;
      sweptAt = now().getTime();
      for (const status of current) gathered.set(`${status.serverId} ${status.person}`, status);
      await flush();
    },
    flush,
  };
}
