import { z } from 'zod';
import { csv } from '../../domain/analytics.ts';
import { usageFigures, usageRows } from '../../projections/queries/analytics.ts';
import type { QueryDefinition } from '../../projections/query.ts';
import { asks, queryErrors } from '../http/asks.ts';
import { HttpError } from '../http/problem.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';

const tags = ['Analytics'];
const figures = {
  persons: z.int().describe('Rounded down to fives.'),
  messages: z.int(),
  runs: z.int(),
  failed: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
};
const Day = z.object({
  day: z.string(),
  total: z.object(figures).nullable().describe('Null where too few persons did anything.'),
  models: z.array(z.object({ model: z.string(), ...figures })),
  incomplete: z.boolean().describe('Models are left out because of too few persons, or because the total would give those away.'),
});
const Row = z.object({
  day: z.string(),
  id: z.string().describe('Good for this day alone: it leads neither to a person nor to another day.'),
  model: z.string(),
  messages: z.string(),
  runs: z.string(),
  inputTokens: z.string(),
  outputTokens: z.string(),
});

/** A query as a table that spreadsheets read. */
function table<Input, Data>(
  path: string,
  summary: string,
  asked: QueryDefinition<Input, Data>,
  cells: (data: Data) => readonly [readonly string[], readonly (readonly (string | number | null)[])[]],
): RouteDefinition {
  return route({
    method: 'GET',
    path,
    summary,
    tags,
    query: asked.input as unknown as z.ZodType<object>,
    responses: { 200: { description: 'RFC 4180; no cell is taken for a formula.', contentType: 'text/csv', schema: z.string() }, ...queryErrors },
    handle: async (request) => {
      const answer = await request.ask(asked(request.query as Input));
      if (!answer.ok) throw new HttpError(answer.error.code, answer.error.message, answer.error.details);
      const headers = { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="usage.csv"' };
      return { status: 200, headers, text: csv(...cells(answer.data)) };
    },
  });
}

const columns = ['persons', 'messages', 'runs', 'failed', 'inputTokens', 'outputTokens'] as const;
const rowColumns = ['day', 'id', 'model', 'messages', 'runs', 'inputTokens', 'outputTokens'] as const;

export const analyticsRoutes: readonly RouteDefinition[] = [
  ...routes({
    'GET /api/analytics/usage': asks(usageFigures, {
      summary: 'Messages, runs and tokens by day and model, of many persons together',
      tags,
      result: z.object({ leastPersons: z.int(), days: z.array(Day) }),
    }),
    'GET /api/analytics/rows': asks(usageRows, {
      summary: 'What was used on one day, row by row, without persons',
      tags,
      result: z.object({ day: z.string(), rows: z.array(Row) }),
    }),
  }),
  table('/api/analytics/usage.csv', 'The same as a table', usageFigures, ({ days }) => [
    ['day', 'model', ...columns],
    days.flatMap(({ day, total, models }) => [
      ...models.map((of) => [day, of.model, ...columns.map((name) => of[name])]),
      [day, 'all', ...columns.map((name) => total?.[name] ?? null)],
    ]),
  ]),
  table('/api/analytics/rows.csv', 'The rows of one day as a table', usageRows, ({ rows }) => [
    rowColumns,
    rows.map((row) => rowColumns.map((name) => row[name])),
  ]),
];
