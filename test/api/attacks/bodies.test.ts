import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer } from '../http/start-server.ts';
import { type AllDoors, openAllDoors } from './all-doors.ts';
import { type Attack, attack, bodyOf, lineOf, saying, sendAll, slotsOf } from './requests.ts';

let doors: AllDoors;
beforeAll(async () => {
  doors = await openAllDoors();
}, 120_000);
afterAll(() => doors.stop());

const failures = async (
  attacks: readonly Attack[],
  expected = (status: number) => (status > 0 && status < 500) || status === 501,
): Promise<string[]> => {
  const answers = await sendAll(doors.url, attacks, bearer(await doors.tokenOf('root', ['administrator'])));
  return answers.filter(({ status }) => !expected(status)).map(saying);
};
const whole = (body: string, type = 'application/json'): Attack[] =>
  doors.server.routes
    .filter(({ method }) => method !== 'GET')
    .map((route) => ({
      route: lineOf(route),
      slot: { in: 'body', name: body.slice(0, 30) },
      method: route.method,
      path: route.path.replaceAll(/\{(\w+)\}/g, 'x'),
      headers: (type === '' ? {} : { 'content-type': type }) as Record<string, string>,
      body,
    }));
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

test('A60: whatever a body is, no route of any dialect fails', { timeout: 600_000 }, async () => {
  const bodies = [
    '',
    'null',
    '[]',
    '"x"',
    '0',
    '-0',
    '1e308',
    '1e999',
    '9007199254740993',
    'true',
    '{',
    '\u0000',
    '{"a":"\\ud800"}',
    nested(60),
    nested(200),
    `[${'[],'.repeat(5000)}[]]`,
  ];
  const attacks = bodies.flatMap((body, index) => [...whole(body), ...(index % 4 === 0 ? [...whole(body, 'text/plain'), ...whole(body, '')] : [])]);
  expect(await failures(attacks)).toEqual([]);
  expect(doors.logged).toEqual([]);
});

test('A60: whatever stands at a place of a request, no route of any dialect fails', { timeout: 600_000 }, async () => {
  const values: unknown[] = [
    null,
    [],
    {},
    '',
    'x'.repeat(5000),
    1e308,
    -1,
    0.5,
    true,
    '\u0000',
    '\u202e\u200b',
    [[[[]]]],
    { a: [null] },
    '9'.repeat(400),
    '../../etc/passwd',
    -0,
    2 ** 53 + 1,
  ];
  let turn = Math.floor(Math.random() * values.length);
  const attacks = doors.server.routes.flatMap((route) =>
    slotsOf(route).flatMap((slot) => Array.from({ length: slot.in === 'header' ? 1 : 2 }, () => attack(route, slot, values[turn++ % values.length]))),
  );
  expect(await failures(attacks)).toEqual([]);
  expect(doors.logged).toEqual([]);
});

test('A25: members that would change what every object inherits change nothing, in bodies and in addresses, on every route', {
  timeout: 600_000,
}, async () => {
  const polluted = '{"__proto__":{"admin":true,"roles":["administrator"]},"constructor":{"prototype":{"admin":true}}}';
  const attacks = doors.server.routes.flatMap((route) => {
    const [plain] = whole(polluted).filter((each) => each.route === lineOf(route));
    const search = '?__proto__[admin]=1&constructor.prototype.admin=1&__proto__.admin=1&__proto__=x&constructor=x';
    const inside = attack(route, { in: 'body', name: 'metadata' }, {});
    const body =
      route.method === 'GET' ? undefined : JSON.stringify({ ...bodyOf(route), metadata: 'HERE', parts: 'HERE' }).replaceAll('"HERE"', polluted);
    return [...(plain ? [plain] : []), { ...inside, path: inside.path + search, ...(body === undefined ? {} : { body }) }];
  });
  expect(await failures(attacks)).toEqual([]);
  expect(({} as Record<string, unknown>).admin).toBeUndefined();
  expect(([] as unknown as Record<string, unknown>).roles).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
  const member = await fetch(`${doors.url}/api/people`, { headers: bearer(await doors.tokenOf('ada', ['member'])) });
  expect(member.status).toBe(403);
});

test('A25: 64 levels are read, one more and ten thousand are answered with 400, wherever JSON is taken', { timeout: 600_000 }, async () => {
  const { conversationId } = await (
    await fetch(`${doors.url}/api/conversations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"metadata":${nested(62)}}`,
    })
  ).json();
  expect(conversationId).toMatch(/^thread_/);
  const open = doors.server.routes.filter(({ bytes }) => bytes).map(lineOf);
  for (const levels of [65, 10_000])
    expect(
      await failures(
        whole(nested(levels)).filter(({ route }) => !open.includes(route)),
        (status) => status === 400 || status === 413 || status === 415 || status === 422 || status === 404,
      ),
    ).toEqual([]);
});
