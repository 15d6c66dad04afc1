import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anonymousRows, csv, shownDay, type UsageRow } from '../../src/domain/analytics.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { derivedSecret } from '../../src/main/installation.ts';
import { createPurposePseudonyms } from '../../src/main/privacy.ts';
import { usageFigures, usageRows } from '../../src/projections/queries/analytics.ts';
import { createPseudonyms } from '../../src/workers/gateway/pseudonym.ts';
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

test('of 1,000 persons none is found again by joining the rows of two days with each other, with the list of persons, and with what goes to Kafka', () => {
  const persons = Array.from({ length: 1000 }, (_, n) => `person_${n}`);
  const random = (n: number) => (n * 7919) % 997;
  const secret = Buffer.alloc(32, 11);
  const named = createPurposePseudonyms(derivedSecret(secret, 'annals privacy'));
  const outside = createPseudonyms(derivedSecret(secret, 'annals pseudonyms'));
  const exported = (day: string) =>
    anonymousRows(
      persons.map((who, n) =>
        row({ day, person: who, model: n % 10 === 0 ? 'b/two' : 'a/one', runs: random(n) % 130, inputTokens: random(n) * 400 }),
      ),
      20,
      (who) => named(`analytics ${day}`, who),
    );
  const [monday, tuesday] = [exported('2026-01-01'), exported('2026-01-02')];
  expect(monday.length).toBeGreaterThan(500);
  // Each has a name of its own, the same for all its rows of a day.
  expect(new Set(monday.map(({ id }) => id)).size).toBe(monday.length);
  expect(exported('2026-01-01')).toEqual(monday);
  // What somebody has who knows everybody, what was exported the day after, what went to Kafka, and how names are made, but no secret.
  const digests = (who: string) =>
    ['analytics 2026-01-01', ''].flatMap((purpose) =>
      [who, JSON.stringify([purpose, who])].map((text) => createHash('sha256').update(text).digest('base64url').slice(0, 22)),
    );
  const known = new Set(persons.flatMap((who) => [who, outside(who), outside(who).replace('pseudo_', ''), ...digests(who)]));
  expect(monday.filter(({ id }) => known.has(id))).toEqual([]);
  const ids = new Set(tuesday.map(({ id }) => id));
  expect(monday.filter(({ id }) => ids.has(id))).toEqual([]);
  // Nor by the order of the rows: it is that of the names, which is another one each day.
  const places = (some: typeof monday, day: string) => {
    const at = new Map(some.map(({ id }, index) => [id, index]));
    return new Map(persons.map((who) => [who, at.get(named(`analytics ${day}`, who)) ?? -1]));
  };
  const [before, after] = [places(monday, '2026-01-01'), places(tuesday, '2026-01-02')];
  const shown = persons.filter((who) => (before.get(who) ?? -1) >= 0 && (after.get(who) ?? -1) >= 0);
  expect(shown.filter((who) => before.get(who) === after.get(who)).length).toBeLessThan(shown.length / 20);
  // Nor by what they did: at least twenty did the same on either day.
  const key = ({ id: _id, day: _day, ...rest }: (typeof monday)[number]) => JSON.stringify(rest);
  const groups = Map.groupBy(tuesday, key);
  for (const each of monday) expect(groups.get(key(each))?.length ?? 0).toBeGreaterThanOrEqual(20);
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
