import type { Json, JsonObject } from '../event.ts';

/** What is not seen, or turns the order of what is: Unicode’s format characters, tags and private ones, but for the joiner that pictures need. */
const UNSEEN = /(?!\u200d)[\p{Cf}\p{Co}]/gu;
const ORDERS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override)\b[^.\n]{0,60}\b(?:instructions?|previous|prior|above|earlier|told|rules?|prompts?)\b/i,
  /\b(?:do not|don['’]t|never)\s+(?:tell|mention|inform|reveal|show|ask)\b[^.\n]{0,40}\b(?:user|person|human|anyone|anybody)\b/i,
  /\bwithout\s+(?:telling|asking|informing|notifying)\b/i,
  /\b(?:secretly|silently)\b[^.\n]{0,60}\b(?:send|read|pass|include|upload|call)\b/i,
  /<\s*\/?\s*(?:system|important|instructions?|assistant)\b[^>]*>/i,
  /(?:~\/\.(?:ssh|aws|gnupg|config)\b|\bid_(?:rsa|ed25519)\b|\/etc\/(?:passwd|shadow)\b)/i,
];

/** All text of a definition that a model reads. */
function textsOf(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (Array.isArray(value) ? textsOf(inner) : [name, ...textsOf(inner)]));
}

/**
 * What in the definition of a tool looks as if it were meant to mislead a model or whoever allows it, in sentences. It is a warning to a person: what it
 * misses is still asked for before it is called, and what it finds may be harmless. `others` are the short names of the person’s other servers.
 */
export function suspicions({ title, description, inputSchema, annotations }: JsonObject, others: readonly string[]): readonly string[] {
  const text = textsOf([title ?? null, description ?? null, inputSchema ?? null, annotations ?? null]).join('\n');
  const seen = visible(text);
  const named = others.filter((slug) => seen.includes(`${slug}__`));
  return [
    ...(seen === text ? [] : ['It has characters in it that nobody sees. Models are not shown them.']),
    ...(ORDERS.some((order) => order.test(seen)) ? ['It speaks to the model as if it gave it orders.'] : []),
    ...named.map((slug) => `It speaks of tools of another server, ${slug}.`),
  ];
}

/** Without the characters that nobody sees. */
export const visible = (text: string): string => text.replace(UNSEEN, '');

/** A schema whose titles and descriptions say what they seem to; names and values stay, because they are sent back. */
export function visibleSchema(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(visibleSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      (name === 'description' || name === 'title') && typeof value === 'string' ? visible(value) : visibleSchema(value),
    ]),
  );
}
