import { useCallback, useState } from 'react';
import { z } from 'zod';
import { annals } from '../../annals.ts';
import { request } from '../../api.ts';
import { Act, Form, Labelled, Page, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const figures = {
  persons: z.number(),
  messages: z.number(),
  runs: z.number(),
  failed: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
};
const Figures = z.object(figures);
const Usage = z.object({
  leastPersons: z.number(),
  days: z.array(
    z.object({
      day: z.string(),
      total: Figures.nullable(),
      models: z.array(z.object({ model: z.string(), ...figures })),
      incomplete: z.boolean(),
    }),
  ),
});

const DAY = 24 * 3600_000;
const dayOf = (ago: number): string => new Date(Date.now() - ago * DAY).toISOString().slice(0, 10);
const columns = ['persons', 'messages', 'runs', 'failed', 'inputTokens', 'outputTokens'] as const;
const titles = ['Persons', 'Messages', 'Answers', 'Failed', 'Tokens in', 'Tokens out'];
const number = new Intl.NumberFormat();

async function save(path: string): Promise<void> {
  const response = await fetch(path, { headers: await annals.headers() });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = 'usage.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}

/** How this installation is used, in figures of many persons together. */
export default function AnalyticsPage() {
  const [{ from, to }, setTime] = useState({ from: dayOf(13), to: dayOf(0) });
  const search = `from=${from}&to=${to}`;
  const usage = useAsked(useCallback(() => request(`/api/analytics/usage?${search}`, Usage), [search]));
  return (
    <Page title="Usage" lead="Of many persons together; nothing about a few. Whoever objects is not in it.">
      <Section title="When">
        <Form label="Show" send={async (fields) => setTime({ from: String(fields.get('from')), to: String(fields.get('to')) })}>
          <Labelled label="From">
            <input name="from" type="date" defaultValue={from} required className="field" />
          </Labelled>
          <Labelled label="To">
            <input name="to" type="date" defaultValue={to} required className="field" />
          </Labelled>
        </Form>
      </Section>
      <Section title="By day and model">
        <Shown asked={usage}>
          {({ days, leastPersons }) => (
            <>
              <div className="overflow-x-auto">
                <table className="w-full text-right text-sm">
                  <thead className="border-line border-b text-dim">
                    <tr>
                      <th className="py-1.5 pr-3 text-left font-medium">Day</th>
                      <th className="pr-3 text-left font-medium">Model</th>
                      {titles.map((title) => (
                        <th key={title} className="pl-3 font-medium">
                          {title}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody className="divide-y divide-line">
                    {days.flatMap(({ day, total, models }) =>
                      [...models, ...(total ? [{ model: 'all', ...total }] : [])].map((line) => (
                        <tr key={`${day} ${line.model}`}>
                          <td className="whitespace-nowrap py-1.5 pr-3 text-left">{day}</td>
                          <td className="pr-3 text-left">{line.model}</td>
                          {columns.map((name) => (
                            <td key={name} className="pl-3 tabular-nums">
                              {number.format(line[name])}
                            </td>
                          ))}
                        </tr>
                      )),
                    )}
                  </tbody>
                </table>
              </div>
              <p className="mt-3 text-dim text-sm">
                {days.every(({ total }) => total === null)
                  ? `There is nothing to show: on no day did as many as ${leastPersons} persons do anything.`
                  : `Figures of fewer than ${leastPersons} persons are left out, and persons are rounded down to fives.`}
              </p>
              <div className="mt-3">
                <Act label="Save as a table" act={() => save(`/api/analytics/usage.csv?${search}`)} done={() => undefined} />
              </div>
            </>
          )}
        </Shown>
      </Section>
    </Page>
  );
}
