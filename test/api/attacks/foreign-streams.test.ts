import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Role } from '../../../src/domain/principal.ts';
import { askFor } from '../../harness/chat.ts';
import { person } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer } from '../http/start-server.ts';
import { type AllDoors, openAllDoors } from './all-doors.ts';
import { attack, lineOf } from './requests.ts';

const CANARY = 'canaryofada5c21e8';
const ada = person('ada');
/** So that nobody is taken for the person at this machine. */
const elsewhere = { 'sec-fetch-site': 'cross-site' };
const LISTEN_MS = 250;
const AT_ONCE = 16;

let doors: AllDoors;
let known: Readonly<Record<string, string>>;
beforeAll(async () => {
  doors = await openAllDoors({ watch: (disk) => disk });
  // As long as the test takes: streams of answers that are over would end at once.
  const { conversationId, runId, messageId, question } = await askFor(doors.kernel, ada, `/pace 20\n/echo ${`${CANARY} `.repeat(3000)}`);
  await until(async () => (await read('GET', `/aui/api/chat/${conversationId}/stream`, await as('ada', 'member'))).includes(CANARY));
  known = { conversationId, threadId: conversationId, runId, streamId: `${runId}.0`, messageId, parentId: question, person: ada.id, id: runId };
}, 60_000);
afterAll(() => doors?.stop());

const as = async (name: string, role: Role) => ({ ...elsewhere, ...bearer(await doors.tokenOf(name, [role])) });

/** What comes within a moment, all of it: status line, headers and body. */
async function read(method: string, path: string, headers: Record<string, string>, body?: string): Promise<string> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LISTEN_MS);
  let seen = '';
  try {
    const answer = await fetch(doors.url + path, {
      method,
      headers,
      redirect: 'manual',
      signal: stop.signal,
      ...(body === undefined ? {} : { body }),
    });
    seen = `${answer.status} ${JSON.stringify([...answer.headers])}\n`;
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) seen += chunk;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return seen;
}

test('A12: whatever reads, resumes or follows by the ids of another’s thread and answer gets no byte of it while it is written', {
  timeout: 120_000,
}, async () => {
  const own = await as('ada', 'member');
  const root = await as('root', 'administrator');
  const comers: Record<string, string>[] = [elsewhere, await as('bob', 'member'), await as('vera', 'viewer'), root];
  const reading = doors.server.routes.filter(({ method, path }) => method === 'GET' || /stream|resume|chat|follow|events/.test(path));
  const requests = reading.flatMap((route) => {
    const { method, path, headers, body } = attack(route, { in: 'header', name: 'x-nothing' }, '', known);
    const query = Object.entries(known).map(([name, id]) => `${name}=${encodeURIComponent(id)}`);
    const line = lineOf(route);
    // What administrators read of others there is recorded each time.
    const who = comers.filter((comer) => comer !== root || !path.startsWith('/aui/v1/projects/'));
    return who.flatMap((comer) => [
      { line, method, path, body, headers: { ...headers, ...comer } },
      {
        line,
        method,
        path: `${path}?${query.join('&')}`,
        body,
        headers: { ...headers, ...comer, 'last-event-id': known.runId ?? '', 'x-resume-stream-id': known.streamId ?? '' },
      },
    ]);
  });
  const showing: string[] = [];
  const rest = requests.values();
  const lane = async (): Promise<void> => {
    for (const { line, method, path, headers, body } of rest) if ((await read(method, path, headers, body)).includes(CANARY)) showing.push(line);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  expect(requests.length).toBeGreaterThan(500);
  expect(showing).toEqual([]);
  // And the canary was there all the time, for her to whom it belongs.
  for (const path of [`/aui/api/chat/${known.threadId}/stream`, `/api/conversations/${known.threadId}/runs/${known.runId}/stream`, '/api/events'])
    await until(async () => (await read('GET', path, own)).includes(CANARY));
});
