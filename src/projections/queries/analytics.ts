import { z } from 'zod';
import { anonymousRows, shownDay, type UsageRow } from '../../domain/analytics.ts';
import { type QueryContext, type QueryPolicy, query } from '../query.ts';
import { type UsageDoc, usageByDay } from '../views/usage.ts';

/** Figures of everybody together, for whoever looks at how this is used. */
const analystsOnly: QueryPolicy<unknown> = ({ principal }) =>
  principal.kind === 'service' || principal.roles.some((role) => role === 'administrator' || role === 'analyst')
    ? 'allow'
    : { code: 'Forbidden', message: 'Only an analyst or an administrator may see this.' };

const Day = z.iso.date();
const PAGE = 1000;
const MOST_DAYS = 92;

/** The rows of a time, without those of persons who object to figures being made of their data. */
async function rowsBetween(from: string, to: string, { views, objecting }: QueryContext): Promise<UsageRow[]> {
  const rows: UsageDoc[] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await views.find(usageByDay, { day: { gte: from, lte: to } }, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    rows.push(...page.documents.map(({ doc }) => doc));
    after = page.next;
  }
  const out = await objecting([...new Set(rows.map(({ person }) => person))]);
  return rows.filter(({ person }) => !out.has(person));
}

const daysBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / (24 * 3600_000) + 1;

/** Messages, runs and tokens by day and model; nothing about fewer persons than the setting says. */
export const usageFigures = query('usageFigures', {
  input: z
    .object({ from: Day, to: Day })
    .refine(({ from, to }) => from <= to && daysBetween(from, to) <= MOST_DAYS, `must be at most ${MOST_DAYS} days, the first one first`),
  policy: analystsOnly,
  views: [usageByDay],
  run: async ({ from, to }, context) => {
    const { leastPersons } = context.privacy;
    const byDay = Map.groupBy(await rowsBetween(from, to, context), ({ day }) => day);
    const days = [...byDay].map(([day, rows]) => shownDay(day, rows, leastPersons)).toSorted((one, other) => (one.day < other.day ? -1 : 1));
    return { leastPersons, days };
  },
});

/** The rows of one day, under names that are good for that day alone; numbers as bands, and no row that too few persons have alike. */
export const usageRows = query('usageRows', {
  input: z.object({ day: Day }),
  policy: analystsOnly,
  views: [usageByDay],
  run: async ({ day }, context) => {
    const rows = await rowsBetween(day, day, context);
    return { day, rows: anonymousRows(rows, context.privacy.leastPersons, (person) => context.pseudonym(`analytics ${day}`, person)) };
  },
});
