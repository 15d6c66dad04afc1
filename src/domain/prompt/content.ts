import { z } from 'zod';

/** What a prompt is called, in a chat after a slash: unique among its owner's. */
export const PromptName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9_-]*$/, 'takes small letters, digits, - and _, and begins with a letter or a digit');

export const ArgumentName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'takes letters, digits, - and _, and does not begin with a digit');

export const PromptArgument = z.strictObject({
  name: ArgumentName,
  description: z.string().max(500).optional(),
  required: z.boolean().default(false),
  /** What it is completed from. */
  values: z.array(z.string().min(1).max(200)).max(500).optional(),
});
export type PromptArgument = z.output<typeof PromptArgument>;

const Base64 = z.base64().min(1).max(700_000);
const MediaType = z
  .string()
  .max(128)
  .regex(/^[a-z]+\/[a-z0-9.+-]+$/, 'must be a media type such as image/png');
const Uri = z.string().min(1).max(2000);

/** The kinds of content are those of an MCP prompt message. */
export const PromptPart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string().max(200_000) }),
  z.strictObject({ type: z.literal('image'), mediaType: MediaType.regex(/^image\//, 'must be an image'), data: Base64 }),
  /** A resource that travels along: text, or bytes as base64. */
  z.strictObject({
    type: z.literal('resource'),
    uri: Uri,
    mediaType: MediaType.optional(),
    text: z.string().max(200_000).optional(),
    data: Base64.optional(),
  }),
]);
export type PromptPart = z.output<typeof PromptPart>;

export const PromptMessage = z.strictObject({ role: z.enum(['user', 'assistant']), content: PromptPart });
export type PromptMessage = z.output<typeof PromptMessage>;

/** All of a prompt but its name: what a version is a version of. */
export const PromptContent = z.strictObject({
  title: z.string().trim().max(200).default(''),
  description: z.string().max(1000).default(''),
  arguments: z
    .array(PromptArgument)
    .max(32)
    .default([])
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'name each argument once'),
  messages: z.array(PromptMessage).min(1).max(50),
});
export type PromptContent = z.output<typeof PromptContent>;

/** Arguments by name. */
export const PromptValues = z.record(z.string().max(64), z.string().max(100_000));
export type PromptValues = z.output<typeof PromptValues>;

/**
 * Puts values in the place of `{{name}}`, in one go: what a value says is never looked at again, and what names no argument stays as it is. Nothing is ever
 * evaluated. A declared argument without a value is an empty text.
 */
export function substitute(text: string, declared: readonly { readonly name: string }[], values: PromptValues): string {
  const names = new Set(declared.map(({ name }) => name));
  return text.replace(/\{\{ ?([A-Za-z_][A-Za-z0-9_-]*) ?\}\}/g, (whole, name: string) =>
    names.has(name) ? (Object.hasOwn(values, name) ? (values[name] ?? '') : '') : whole,
  );
}

/** The arguments that are required and have no value. */
export const missingArguments = (content: Pick<PromptContent, 'arguments'>, values: PromptValues): readonly string[] =>
  content.arguments.flatMap(({ name, required }) => (required && !(Object.hasOwn(values, name) && values[name] !== '') ? [name] : []));

/** The messages with their arguments filled in. */
export function expand({ arguments: declared, messages }: Pick<PromptContent, 'arguments' | 'messages'>, values: PromptValues): PromptMessage[] {
  const fill = (text: string): string => substitute(text, declared, values);
  return messages.map(({ role, content }) => {
    switch (content.type) {
      case 'text':
        return { role, content: { ...content, text: fill(content.text) } };
      case 'resource':
        return { role, content: { ...content, uri: fill(content.uri), ...(content.text === undefined ? {} : { text: fill(content.text) }) } };
      case 'image':
        return { role, content };
      default:
        return content satisfies never;
    }
  });
}

/** At most a hundred values that go on from what has been typed, those that begin with it first. */
export function completions(content: Pick<PromptContent, 'arguments'>, argument: string, typed: string): { values: string[]; total: number } {
  const all = content.arguments.find(({ name }) => name === argument)?.values ?? [];
  const wanted = typed.toLowerCase();
  const begins = all.filter((value) => value.toLowerCase().startsWith(wanted));
  const contains = all.filter((value) => !value.toLowerCase().startsWith(wanted) && value.toLowerCase().includes(wanted));
  const found = [...begins, ...contains];
  return { values: found.slice(0, 100), total: found.length };
}
