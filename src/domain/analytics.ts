/** What one person did with one model on one day; a view holds these, and nobody is shown one. */
export interface UsageRow {
  readonly day: string;
  readonly model: string;
  readonly person: string;
  readonly messages: number;
  readonly runs: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}
export interface Figures {
  /** How many persons these are the figures of, rounded down to fives: the difference of two exact numbers could be one person. */
  readonly persons: number;
  readonly messages: number;
  readonly runs: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}
export interface ShownDay {
  readonly day: string;
  /** Of all models, those that are not shown among them; null where fewer persons did anything. */
  readonly total: Figures | null;
  readonly models: readonly (Figures & { readonly model: string })[];
  /** Models are left out because of too few persons, or because the total would give those away. */
  readonly incomplete: boolean;
}

const figuresOf = (rows: readonly UsageRow[]): Figures => {
  const sum = (field: 'messages' | 'runs' | 'failed' | 'inputTokens' | 'outputTokens') => rows.reduce((total, row) => total + row[field], 0);
  return {
    persons: Math.floor(personsOf(rows) / 5) * 5,
    messages: sum('messages'),
    runs: sum('runs'),
    failed: sum('failed'),
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
  };
};
const personsOf = (rows: readonly UsageRow[]): number => new Set(rows.map(({ person }) => person)).size;

/**
 * What may be shown of one day: nothing about fewer than `least` persons, and nothing from which that could be computed. Whatever a total holds beyond the
 * models that are shown is itself of as many persons, or nothing: where it would be less, the model of the fewest persons is left out too. Messages stand
 * under the model ''.
 */
export function shownDay(day: string, rows: readonly UsageRow[], least: number): ShownDay {
  const byModel = [...Map.groupBy(rows, ({ model }) => model)].map(([model, ofModel]) => ({ model, rows: ofModel, persons: personsOf(ofModel) }));
  const shown = byModel.filter(({ model, persons }) => model !== '' && persons >= least).toSorted((one, other) => other.persons - one.persons);
  const hidden = () => byModel.filter((each) => each.model !== '' && !shown.includes(each)).flatMap((each) => each.rows);
  while (shown.length > 0 && hidden().length > 0 && personsOf(hidden()) < least) shown.pop();
  const total = personsOf(rows) >= least ? figuresOf(rows) : null;
  return {
    day,
    total,
    models: shown.toSorted((one, other) => (one.model < other.model ? -1 : 1)).map((each) => ({ model: each.model, ...figuresOf(each.rows) })),
    incomplete: shown.length < byModel.filter(({ model }) => model !== '').length,
  };
}

/** A number as a band: exact figures are as good as a name. */
export const bandOf = (count: number): string =>
  count === 0 ? '0' : count === 1 ? '1' : count <= 5 ? '2-5' : count <= 20 ? '6-20' : count <= 100 ? '21-100' : '>100';
export const tokenBandOf = (tokens: number): string =>
  tokens === 0 ? '0' : tokens <= 1000 ? '1-1000' : tokens <= 10_000 ? '1001-10000' : tokens <= 100_000 ? '10001-100000' : '>100000';

export interface AnonymousRow {
  readonly day: string;
  readonly id: string;
  readonly model: string;
  readonly messages: string;
  readonly runs: string;
  readonly inputTokens: string;
  readonly outputTokens: string;
}

/** One row for each person and model of a day; a row that fewer than `least` persons have alike is left out. `pseudonym` is good for this day alone. */
export function anonymousRows(rows: readonly UsageRow[], least: number, pseudonym: (person: string) => string): AnonymousRow[] {
  const banded = rows
    .filter(({ model }) => model !== '')
    .map(({ day, model, person, messages, runs, inputTokens, outputTokens }) => ({
      day,
      id: pseudonym(person),
      model,
      messages: bandOf(messages),
      runs: bandOf(runs),
      inputTokens: tokenBandOf(inputTokens),
      outputTokens: tokenBandOf(outputTokens),
    }));
  const alike = Map.groupBy(banded, ({ id: _id, ...rest }) => JSON.stringify(rest));
  return [...alike.values()]
    .filter((group) => group.length >= least)
    .flatMap((group) => group.toSorted((one, other) => (one.id < other.id ? -1 : 1)));
}

const FORMULA = /^[=+\-@\t\r]/;

/** RFC 4180; what a spreadsheet would take for a formula gets a quotation mark in front. */
export function csv(header: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return '';
    const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) || text !== String(value) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
