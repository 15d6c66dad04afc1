import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askFor, settled } from '../../harness/chat.ts';
import { person } from '../../harness/memory-annals.ts';
import { bearer } from '../http/start-server.ts';
import { type AllDoors, openAllDoors } from './all-doors.ts';
import { type Answered, attack, saying, sendAll, slotsOf } from './requests.ts';

const CANARY = 'canaryofbob7f3a91';
const [ada, bob] = [person('ada'), person('bob')];

/** So that nobody is taken for the person at this machine. */
const elsewhere = { 'sec-fetch-site': 'cross-site' };

/** SQL, the query language of FTS5, names of tables and columns, and what makes a database slow. */
const strings = [
  "' OR '1'='1",
  "'; DROP TABLE events; --",
  '" OR ""="',
  "x' UNION SELECT sql FROM sqlite_master --",
  "1); ATTACH DATABASE '/tmp/annals-attacked' AS x; --",
  '"',
  "'",
  '\\',
  'NEAR(a b, 5)',
  'a* OR b*',
  'title:a AND NOT (b)',
  '^a + "b',
  '_pos',
  'owner; --',
  'rowid',
  "json_extract(doc,'$.owner')",
  "x'||(SELECT hex(randomblob(900000000)))||'",
  '#{7*7}{{7*7}}',
  '$(id)`id`',
] as const;

let doors: AllDoors;
let known: Readonly<Record<string, string>>;
beforeAll(async () => {
  doors = await openAllDoors();
  const hidden = await askFor(doors.kernel, bob, `/echo ${CANARY}`);
  await settled(doors.kernel, hidden);
  const own = await askFor(doors.kernel, ada, '/echo mine');
  await settled(doors.kernel, own);
  known = { conversationId: own.conversationId, threadId: own.conversationId, messageId: own.question, parentId: own.question, runId: own.runId };
}, 120_000);
afterAll(() => doors.stop());

const tables = (): string =>
  JSON.stringify(
    readdirSync(doors.folder)
      .filter((name) => name.endsWith('.db') && name !== 'lock.db')
      .map((name) => {
        const database = new DatabaseSync(join(doors.folder, name), { readOnly: true });
        const [whole] = database.prepare('PRAGMA quick_check').all();
        const named = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").all();
        database.close();
        return [name, whole, named];
      }),
  );

test('A24: SQL and search syntax, at every place of every request, is a text like any other', { timeout: 600_000 }, async () => {
  const before = tables();
  let turn = Math.floor(Math.random() * strings.length);
  const next = (): string => strings[turn++ % strings.length] ?? '';
  const attacks = doors.server.routes.flatMap((route) =>
    slotsOf(route, 5).flatMap((slot) =>
      Array.from({ length: slot.in === 'header' ? 1 : 2 }, () =>
        slot.name === 'authorization' ? attack(route, slot, `Bearer ${next()}`, known) : attack(route, slot, next(), known),
      ),
    ),
  );
  expect(attacks.length).toBeGreaterThan(1000);
  const answers = await sendAll(doors.url, attacks, { ...bearer(await doors.tokenOf('ada', ['member'])), ...elsewhere });
  const wrong = (found: (answer: Answered) => boolean): string[] => answers.filter(found).map(saying);
  expect(wrong(({ status }) => (status >= 500 && status !== 501) || status === 0)).toEqual([]);
  expect(wrong(({ text }) => text.includes(CANARY))).toEqual([]);
  expect(wrong(({ status, text }) => status >= 400 && /SQLITE_[A-Z]+|[Ss]yntax error|no such (table|column)|unterminated/.test(text))).toEqual([]);
  expect(doors.logged).toEqual([]);
  expect(tables()).toBe(before);
  const mine = await fetch(`${doors.url}/api/conversations/${known.conversationId}/messages`, {
    headers: bearer(await doors.tokenOf('ada', ['member'])),
  });
  expect(await mine.text()).toContain('mine');
});

test('A24: nobody comes in by what stands in Authorization, however it is written', async () => {
  const headers = strings.flatMap((text) => [text, `Bearer ${text}`, `Basic ${Buffer.from(`${text}:x`).toString('base64')}`]);
  for (const authorization of headers) {
    const answer = await fetch(`${doors.url}/api/me`, {
      headers: { authorization: authorization.replaceAll(/[^\x20-\x7e]/g, '?'), ...elsewhere },
    });
    expect(answer.status, authorization).toBe(401);
  }
});
