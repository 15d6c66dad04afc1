import { z } from 'zod';
import type { JsonObject } from '../event.ts';

/** What is asked for in a field, in one of the few forms that MCP allows there (elicitation, 2025-06-18 and later). */
const QuestionField = z.object({
  name: z.string().max(200),
  type: z.enum(['string', 'number', 'integer', 'boolean', 'choice', 'choices']),
  title: z.string().max(1000).optional(),
  description: z.string().max(4000).optional(),
  required: z.boolean(),
  format: z.enum(['email', 'uri', 'date', 'date-time']).optional(),
  /** Of a text its length, of a number its value, of choices how many. */
  least: z.number().optional(),
  most: z.number().optional(),
  options: z.array(z.object({ value: z.string(), title: z.string() })).optional(),
  default: z.json().optional(),
});
type QuestionField = z.output<typeof QuestionField>;

/** Something that a server of tools asks of a person: to fill in a form, or to go to an address and do something there. */
export const Question = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('form'), key: z.string().max(200), message: z.string().max(10_000), fields: z.array(QuestionField).max(100) }),
  z.object({ mode: z.literal('url'), key: z.string().max(200), message: z.string().max(10_000), url: z.string().max(4000) }),
]);
export type Question = z.output<typeof Question>;

export const QuestionAnswer = z.object({
  action: z.enum(['accept', 'decline', 'cancel']),
  content: z.record(z.string(), z.json()).optional(),
});
export type QuestionAnswer = z.output<typeof QuestionAnswer>;

const text = { title: z.string().optional(), description: z.string().optional(), default: z.json().optional() };
const Titled = z.array(z.object({ const: z.string(), title: z.string() }));
const Asked = z.union([
  z.object({ type: z.literal('string'), oneOf: Titled, ...text }),
  z.object({ type: z.literal('string'), enum: z.array(z.string()), enumNames: z.array(z.string()).optional(), ...text }),
  z.object({ type: z.literal('string'), minLength: z.number().optional(), maxLength: z.number().optional(), format: z.string().optional(), ...text }),
  z.object({ type: z.enum(['number', 'integer']), minimum: z.number().optional(), maximum: z.number().optional(), ...text }),
  z.object({ type: z.literal('boolean'), ...text }),
  z.object({
    type: z.literal('array'),
    items: z.union([z.object({ anyOf: Titled }), z.object({ enum: z.array(z.string()) })]),
    minItems: z.number().optional(),
    maxItems: z.number().optional(),
    ...text,
  }),
]);
const Form = z.object({
  mode: z.literal('form').optional(),
  message: z.string(),
  requestedSchema: z.object({ properties: z.record(z.string(), Asked), required: z.array(z.string()).default([]) }),
});
const Address = z.object({ mode: z.literal('url'), message: z.string(), url: z.url({ protocol: /^https?$/ }) });

/** The question that the parameters of `elicitation/create` hold, or undefined: it is none that a person can be asked. */
export function readQuestion(key: string, params: unknown): Question | undefined {
  const address = Address.safeParse(params);
  if (address.success) {
    const { message, url } = address.data;
    const { username, password } = new URL(url);
    return username === '' && password === '' ? Question.safeParse({ mode: 'url', key, message, url }).data : undefined;
  }
  const form = Form.safeParse(params);
  if (!form.success) return undefined;
  const { message, requestedSchema } = form.data;
  const { properties, required } = requestedSchema;
  const fields = Object.entries(properties).map(([name, asked]) => fieldOf(name, asked, required.includes(name)));
  return Question.safeParse({ mode: 'form', key, message, fields }).data;
}

function fieldOf(name: string, asked: z.output<typeof Asked>, required: boolean): QuestionField {
  const { title, description, default: usual } = asked;
  const of = {
    name,
    required,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(usual === undefined ? {} : { default: usual }),
  };
  const within = (least: number | undefined, most: number | undefined) => ({
    ...(least === undefined ? {} : { least }),
    ...(most === undefined ? {} : { most }),
  });
  switch (asked.type) {
    case 'boolean':
      return { ...of, type: 'boolean' };
    case 'number':
    case 'integer':
      return { ...of, type: asked.type, ...within(asked.minimum, asked.maximum) };
    case 'array':
      return { ...of, type: 'choices', options: optionsOf(asked.items), ...within(asked.minItems, asked.maxItems) };
    case 'string': {
      if ('oneOf' in asked || 'enum' in asked) return { ...of, type: 'choice', options: optionsOf(asked) };
      const format = QuestionField.shape.format.safeParse(asked.format).data;
      return { ...of, type: 'string', ...(format ? { format } : {}), ...within(asked.minLength, asked.maxLength) };
    }
    default:
      return asked satisfies never;
  }
}

type Options = { oneOf: z.output<typeof Titled> } | { anyOf: z.output<typeof Titled> } | { enum: string[]; enumNames?: string[] | undefined };
function optionsOf(from: Options): { value: string; title: string }[] {
  if ('enum' in from) return from.enum.map((value, index) => ({ value, title: from.enumNames?.[index] ?? value }));
  return ('oneOf' in from ? from.oneOf : from.anyOf).map(({ const: value, title }) => ({ value, title }));
}

/** Why this is no answer to the question, in a sentence; undefined: it is one. */
export function whyNoAnswer(question: Question, { action, content }: QuestionAnswer): string | undefined {
  if (action !== 'accept' || question.mode === 'url')
    return content === undefined || Object.keys(content).length === 0 ? undefined : 'Only a form that is accepted has something in it.';
  const given = content ?? {};
  const unknown = Object.keys(given).find((name) => !question.fields.some((field) => field.name === name));
  if (unknown !== undefined) return `Nobody has asked for ${unknown}.`;
  for (const field of question.fields) {
    const why = field.name in given ? whyNoValue(field, given[field.name]) : field.required ? 'is missing' : undefined;
    if (why !== undefined) return `${field.title ?? field.name} ${why}.`;
  }
  return undefined;
}

const formats: Readonly<Record<NonNullable<QuestionField['format']>, readonly [z.ZodType, string]>> = {
  email: [z.email(), 'must be an e-mail address'],
  uri: [z.url(), 'must be an address'],
  date: [z.iso.date(), 'must be a date such as 2026-01-31'],
  'date-time': [z.iso.datetime({ offset: true }), 'must be a time such as 2026-01-31T12:00:00Z'],
};

function whyNoValue({ type, format, least, most, options = [] }: QuestionField, value: JsonObject[string] | undefined): string | undefined {
  const beyond = (size: number, unit: string): string | undefined => {
    if (least !== undefined && size < least) return `must ${unit} at least ${least}`;
    return most !== undefined && size > most ? `must ${unit} at most ${most}` : undefined;
  };
  const known = (one: unknown): boolean => options.some((option) => option.value === one);
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'integer':
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
      return type === 'integer' && !Number.isInteger(value) ? 'must be a whole number' : beyond(value, 'be');
    case 'choice':
      return known(value) ? undefined : 'must be one of those that are offered';
    case 'choices':
      if (!Array.isArray(value) || !value.every(known)) return 'must be some of those that are offered';
      return beyond(value.length, 'name');
    case 'string': {
      if (typeof value !== 'string') return 'must be a text';
      if (format && !formats[format][0].safeParse(value).success) return formats[format][1];
      return beyond([...value].length, 'have in letters');
    }
    default:
      return type satisfies never;
  }
}
