import { expect } from 'vitest';
import type { EventStore } from '../../src/adapters/event-store/port.ts';
import { openSqliteEventStore } from '../../src/adapters/event-store/sqlite.ts';
import { parkReaction } from '../../src/commands/reaction.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { eventsOf } from '../../src/main/migrate/log.ts';
import { openInstallation } from '../../src/main/open.ts';
import { readSettings } from '../../src/settings.ts';
import { call, chat, newFolder, startOn, textsOf, until } from '../e2e/process/processes.ts';

/** An installation in which everything that moves is there, at rest. */
export interface Story {
  readonly folder: string;
  readonly told: string;
  readonly forgotten: string;
  readonly waiting: { readonly conversationId: string; readonly runId: string; readonly approvalId: string };
  readonly fileId: string;
  readonly fileBytes: Buffer;
  /** As a client got it. */
  readonly position: string;
  readonly parkedEvent: string;
}

export async function liveThrough(): Promise<Story> {
  const folder = newFolder();
  const server = await startOn(folder);
  const { url } = server;
  const bytes = Buffer.from(`an attachment ${'with a body '.repeat(200_000)}`);
  const upload = await fetch(`${url}/api/files?filename=a.txt`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: bytes });
  const { fileId } = (await upload.json()) as { fileId: string };
  const told = await chat(url, '/echo Kept for ever\nSay it');
  await call(url, 'POST', `/api/conversations/${told.conversationId}/messages/append`, {
    role: 'user',
    parts: [{ type: 'text', text: `A long one: ${'la '.repeat(200_000)}` }],
    parentId: told.replyId,
  });
  const forgotten = await chat(url, '/echo Never said');
  await call(url, 'DELETE', `/api/conversations/${forgotten.conversationId}?forever=true`);
  const asked = await chat(url, '/call postcard {"to":"Bob"}');
  const approvalId = /"approval":\{"id":"([^"]+)"/.exec(asked.streamed)?.[1] ?? '';
  expect(approvalId).not.toBe('');
  const listed = await fetch(`${url}/api/conversations`);
  const position = listed.headers.get('annals-position') ?? '';
  expect(position).toMatch(/\.\d{20}$/);
  await until(async () => JSON.stringify((await call(url, 'GET', '/api/conversations')).json).includes('Say it'));
  expect(await server.kill('SIGTERM'), server.output()).toBe(0);
  return {
    folder,
    told: told.conversationId,
    forgotten: forgotten.conversationId,
    waiting: { ...asked, approvalId },
    fileId,
    fileBytes: bytes,
    position,
    parkedEvent: await park(folder, told.conversationId),
  };
}

/** Says for the title's reaction that it has given up on the first message. */
async function park(folder: string, conversationId: string): Promise<string> {
  const event = (await eventsIn(folder)).find(({ type, data }) => type === 'MessageSent' && data.conversationId === conversationId);
  if (!event) throw new Error('There is no message.');
  const read = readSettings({ ANNALS_DATA: folder, ANNALS_LOCAL_MODELS: 'off' }, {}, folder);
  if (!read.ok) throw new Error(read.message);
  const installation = await openInstallation(read.settings, () => undefined);
  const worker = { id: 'person_annals' as PersonId, kind: 'service', roles: [] } as const;
  const cause = { reaction: 'title', eventId: event.id, eventType: event.type, stream: event.stream, revision: String(event.revision) };
  const parked = await installation.kernel.tell(worker, parkReaction({ ...cause, attempts: 5, reason: 'tried' }));
  expect(parked.ok).toBe(true);
  await installation.close(0);
  return event.id;
}

export async function eventsIn(folder: string): Promise<RecordedEvent[]> {
  const store = await openSqliteEventStore({ folder, readOnly: true });
  return allOf(store).finally(() => store.close());
}

export async function allOf(store: EventStore): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of eventsOf(store)) events.push(event);
  return events;
}

/** Still tells how long it was. */
const shortened = (text: string): string => text.replaceAll(/(?:la ){2,}/g, (all) => `${all.length} letters of la`);

/** What people see of the story, whoever serves it. */
export async function seen(url: string, { told, forgotten, fileId, waiting }: Story): Promise<unknown> {
  const shown = async (path: string) => {
    const { status, json } = await call(url, 'GET', path);
    return { status, json };
  };
  await until(async () => (await call(url, 'GET', '/health/ready')).status === 200);
  const list = await shown('/api/conversations');
  return {
    told: shortened(textsOf(await call(url, 'GET', `/api/conversations/${told}/messages`))),
    forgotten: (await shown(`/api/conversations/${forgotten}/messages`)).status,
    waiting: textsOf(await call(url, 'GET', `/api/conversations/${waiting.conversationId}/messages`)),
    file: await shown(`/api/files/${fileId}`),
    titles: list.json.conversations?.map(({ title }: { title?: string }) => title),
    parked: (await shown('/api/parked')).json,
    run: (await shown(`/api/runs/${waiting.runId}`)).json.status,
  };
}
