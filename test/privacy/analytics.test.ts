import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anonymousRows, csv, shownDay, type UsageRow } from '../../src/domain/analytics.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { usageFigures, usageRows } from '../../src/projections/queries/analytics.ts';
import { askFor, settled } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { administrator, person } from '../harness/memory-annals.ts';
import { said } from '../harness/played-model.ts';

const start = installations();
const analyst: Principal = { ...person('analyst'), roles: ['analyst'] };

const row = (of: Partial<UsageRow>): UsageRow => ({
  day: '2026-01-01',
  model: 'a/one',
  person: 'person_1',
  messages: 0,
  runs: 1,
  failed: 0,
  inputTokens: 10,
  outputTokens: 2,
  ...of,
});
const rows = fc.uniqueArray(
  fc.record({
    model: fc.constantFrom('', 'a/one', 'b/two', 'c/three', 'd/four'),
    person: fc.integer({ min: 1, max: 60 }).map((n) => `person_${n}`),
    runs: fc.integer({ min: 0, max: 300 }),
    inputTokens: fc.integer({ min: 0, max: 1e6 }),
  }),
  { selector: ({ model, person: who }) => `${model} ${who}`, maxLength: 200, minLength: 30 },
);

test('no figure is shown of fewer than 20 persons, nor can one be computed from what is shown', () => {
  fc.assert(
    fc.property(rows, (given) => {
      const all = given.map(row);
      const shown = shownDay('2026-01-01', all, 20);
      const personsOf = (some: readonly UsageRow[]) => new Set(some.map((each) => each.person)).size;
      for (const { model, runs } of shown.models) {
        const own = all.filter((each) => each.model === model);
        expect(personsOf(own)).toBeGreaterThanOrEqual(20);
        expect(runs).toBe(own.reduce((sum, each) => sum + each.runs, 0));
      }
      const hidden = all.filter(({ model }) => model !== '' && !shown.models.some((each) => each.model === model));
      if (shown.total && shown.models.length > 0) expect(hidden.length === 0 || personsOf(hidden) >= 20).toBe(true);
      if (personsOf(all) < 20) expect(shown).toMatchObject({ total: null, models: [] });
      expect(shown.models.every(({ persons }) => persons % 5 === 0)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('one small model takes the next one with it, so that the total does not give it away', () => {
  const of = (model: string, from: number, count: number) => Array.from({ length: count }, (_, n) => row({ model, person: `person_${from + n}` }));
  const given = [...of('a/one', 0, 40), ...of('b/two', 0, 25), ...of('c/three', 0, 3)];
  const shown = shownDay('2026-01-01', given, 20);
  expect(shown.models.map(({ model }) => model)).toEqual(['a/one']);
  expect(shown).toMatchObject({ total: { runs: 68 }, incomplete: true });
});

test('of 1,000 persons none is found again by joining the rows of two days with each other and with the list of persons', () => {
  const persons = Array.from({ length: 1000 }, (_, n) => `person_${n}`);
  const random = (n: number) => (n * 7919) % 997;
  const exported = (day: string, salt: string) =>
    anonymousRows(
      persons.map((who, n) =>
        row({ day, person: who, model: n % 10 === 0 ? 'b/two' : 'a/one', runs: random(n) % 130, inputTokens: random(n) * 400 }),
      ),
      20,
      (who) => `${salt}:${Buffer.from(`${salt}${who}`).toString('hex').slice(-4)}${persons.indexOf(who) * random(salt.length + 1)}`,
    );
  const [monday, tuesday] = [exported('2026-01-01', 'x'), exported('2026-01-02', 'yy')];
  expect(monday.length).toBeGreaterThan(500);
  const names = new Set(persons);
  expect(monday.filter(({ id }) => names.has(id)).length).toBe(0);
  const ids = new Set(tuesday.map(({ id }) => id));
  expect(monday.filter(({ id }) => ids.has(id)).length).toBe(0);
  // Nor by what they did: at least twenty did the same on either day.
  const key = ({ id: _id, day: _day, ...rest }: (typeof monday)[number]) => JSON.stringify(rest);
  const groups = Map.groupBy(tuesday, key);
  for (const each of monday) expect(groups.get(key(each))?.length ?? 20).toBeGreaterThanOrEqual(20);
});

test('a table has no cell that a spreadsheet takes for a formula', () => {
  const dangerous = fc.tuple(fc.constantFrom('=', '+', '-', '@', '\t', '\r'), fc.string()).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(fc.oneof(dangerous, fc.string()), { minLength: 1, maxLength: 5 }), (cells) => {
      const text = csv(['h'], [cells]).slice('h\r\n'.length);
      const read: string[] = [];
      for (const [, quoted, plain] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r\n$)/g))
        read.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
      expect(read).toEqual(cells.map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell)));
      for (const cell of read) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
    }),
  );
  expect(csv(['a', 'b'], [['=HYPERLINK("x")', -5]])).toBe('a,b\r\n"\'=HYPERLINK(""x"")",-5\r\n');
});

test('analysts see what 20 persons did, and nothing of 19', async () => {
  const { kernel, disk } = await start(withModel(() => said('Hello')).options);
  const ask = async (n: number) => settled(kernel, await askFor(kernel, person(`p${n}`), 'A secret question'));
  for (let n = 0; n < 19; n++) await ask(n);
  const figures = async () =>
    kernel.ask(analyst, usageFigures({ from: '2026-01-01', to: '2026-01-31' }), { after: await disk.store.head(), timeoutMs: 20_000 });
  expect(await figures()).toMatchObject({ ok: true, data: { days: [{ day: '2026-01-01', total: null, models: [] }] } });
  expect(await kernel.ask(analyst, usageRows({ day: '2026-01-01' }))).toMatchObject({ data: { rows: [] } });
  await ask(19);
  const of = { persons: 20, runs: 20, failed: 0, inputTokens: 200, outputTokens: 40 };
  expect(await figures()).toMatchObject({ data: { days: [{ total: { ...of, messages: 20 }, models: [{ model: 'demo/demo', ...of }] }] } });
  const rowsOfDay = await kernel.ask(administrator, usageRows({ day: '2026-01-01' }));
  const text = JSON.stringify(rowsOfDay.ok && rowsOfDay.data.rows);
  expect(rowsOfDay.ok && rowsOfDay.data.rows.length).toBe(20);
  expect(text).not.toContain('person_');
  expect(text).not.toContain('secret');
  expect(await kernel.ask(person('p1'), usageFigures({ from: '2026-01-01', to: '2026-01-31' }))).toMatchObject({ error: { code: 'Forbidden' } });
});
