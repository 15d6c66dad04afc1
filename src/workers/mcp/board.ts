import { z } from 'zod';
import type { DocumentStore } from '../../adapters/document-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import { isUnopened, type Json, type JsonObject, type Sealed } from '../../domain/event.ts';
import { mcpRingStream } from '../../domain/mcp/server.ts';
import type { McpStatus } from '../../domain/mcp/status.ts';

const COLLECTION = 'mcp-status@2';
/** Shown again at least that often while a connection is there, so that whoever looks knows that somebody still has it. */
const AGAIN_MS = 5000;
/** What has not been shown for so long is of a process that is no more. */
const STALE_MS = 20_000;
const GATHER_MS = 100;
const TIDY_MS = 60_000;
const AT_ONCE = 1000;

/** What a server calls itself and why it cannot be reached may be somebody's words: a status is sealed for whose connection it is. */
const Shown = z.object({ status: z.custom<Sealed>((value) => typeof value === 'object' && value !== null), process: z.string(), at: z.string() });
/** A status, and which process has the connection. */
export type ShownStatus = McpStatus & { readonly process: string };

/** Where the processes of an installation tell each other, and whoever asks, of their connections. It holds nothing that is not made anew after a start. */
export interface McpBoard {
  show(status: McpStatus): void;
  /** What living processes say of these servers; of one connection that ended here and went on there the newest. */
  read(serverIds: readonly string[]): Promise<readonly ShownStatus[]>;
  /** Writes what is gathered, and again what still holds. */
  sweep(current: readonly McpStatus[], when?: 'now'): Promise<void>;
  /** Writes what is gathered for the last time, and takes away what this process has shown: its connections are no more. */
  close(): Promise<void>;
}

interface BoardParts {
  readonly state: DocumentStore;
  readonly sealer: Pick<Sealer, 'seal' | 'open'>;
  readonly process: string;
  readonly now: () => Date;
}

export function createMcpBoard({ state, sealer, process, now }: BoardParts): McpBoard {
  const gathered = new Map<string, McpStatus>();
  const written = new Set<string>();
  let opened: Promise<void> | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let last = 0;
  let sweptAt = 0;
  let tidiedAt = 0;

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
    const sealed = await Promise.all(
      statuses.map(async (status) => {
        const id = `${status.serverId}/${status.person}/${process}`;
        const place = { subject: status.person, scope: mcpRingStream(status.person) };
        const sealed = await sealer.seal(place, id, JSON.parse(JSON.stringify(status)) as Json);
        return { id, serverId: status.serverId, status: { ...sealed } as JsonObject };
      }),
    );
    for (const { id } of sealed) written.add(id);
    const operations = sealed.map(({ id, serverId, status }) => ({
      kind: 'put' as const,
      id,
      position: position(),
      doc: { serverId, at, process, status },
    }));
    await state.commit(COLLECTION, operations, { position: position(), epoch: 'status' });
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const done = writing.then(write);
    writing = done.catch(() => undefined);
    return done;
  };

  /** Takes away what processes have left that are no more. */
  const tidy = async (): Promise<void> => {
    await open();
    const { documents } = await state.find(COLLECTION, {}, { limit: AT_ONCE });
    const oldest = new Date(now().getTime() - STALE_MS).toISOString();
    await remove(documents.filter(({ doc }) => Shown.parse(doc).at < oldest).map(({ id }) => id));
  };
  const remove = async (ids: readonly string[]): Promise<void> => {
    if (ids.length === 0) return;
    const operations = ids.map((id) => ({ kind: 'delete' as const, id, position: position() }));
    await state.commit(COLLECTION, operations, { position: position(), epoch: 'status' });
  };

  return {
    show(status) {
      gathered.set(`${status.serverId} ${status.person}`, status);
      timer ??= setTimeout(() => void flush().catch(() => undefined), GATHER_MS).unref();
    },
    async read(serverIds) {
      if (serverIds.length === 0) return [];
      await open();
      const { documents } = await state.find(COLLECTION, { serverId: { in: serverIds } }, { limit: AT_ONCE });
      const oldest = new Date(now().getTime() - STALE_MS).toISOString();
      const shown = documents.map(({ id, doc }) => ({ id, ...Shown.parse(doc) })).filter(({ at }) => at >= oldest);
      const statuses = await Promise.all(
        shown.map(async ({ id, status, process: of }) => {
          const opened = await sealer.open(status, id);
          return isUnopened(opened) ? [] : [{ ...(opened as unknown as McpStatus), process: of }];
        }),
      );
      return statuses.flat();
    },
    async sweep(current, when) {
      if (when !== 'now' && now().getTime() - sweptAt < AGAIN_MS) return;
      sweptAt = now().getTime();
      for (const status of current) gathered.set(`${status.serverId} ${status.person}`, status);
      await flush();
      if (now().getTime() - tidiedAt < TIDY_MS) return;
      tidiedAt = now().getTime();
      await tidy();
    },
    async close() {
      await flush();
      await remove([...written]);
    },
  };
}
