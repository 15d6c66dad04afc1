import { z } from 'zod';

const Ranges = z.record(z.string().max(200), z.string().max(100));

/** Under this key of a server's `_meta` in its `server.json` stands what it says of others. */
export const COMPAT_KEY = 'dev.annals/compat';

/**
 * What a server says it needs, cannot stand, and offers. No standard says it; ranges are those of semver, revisions of the protocol are dates.
 * Where nothing is said, nothing is needed.
 */
export const Requirements = z.object({
  requires: z
    .object({
      servers: Ranges.default({}),
      tools: z.array(z.object({ server: z.string(), name: z.string() })).default([]),
      capabilities: z.array(z.string()).default([]),
      client: z.array(z.string()).default([]),
      extensions: z.array(z.string()).default([]),
    })
    .prefault({}),
  optional: z.object({ servers: Ranges.default({}) }).prefault({}),
  conflicts: z
    .object({ servers: Ranges.default({}), tools: z.array(z.string()).default([]), exclusive: z.array(z.string()).default([]) })
    .prefault({}),
  provides: z.object({ tools: Ranges.default({}) }).prefault({}),
  replaces: Ranges.default({}),
  protocol: z.string().max(100).optional().describe('As `>=2025-06-18 <=2026-07-28`.'),
  engines: Ranges.default({}),
  platforms: z.array(z.string()).default([]),
});
export type Requirements = z.infer<typeof Requirements>;

/** What the `_meta` of a `server.json` says; nothing, where it says nothing of it. Throws zod's error where it says it wrongly. */
export const requirementsIn = (meta: Readonly<Record<string, unknown>> = {}): Requirements => Requirements.parse(meta[COMPAT_KEY] ?? {});

/** Where the servers run, and what Annals offers them as their client. */
export interface Surroundings {
  readonly platform: string;
  /** By name, such as `node`. */
  readonly engines: Readonly<Record<string, string>>;
  /** Such as `elicitation.form`. */
  readonly client: readonly string[];
  readonly extensions: readonly string[];
  /** Revisions of the protocol that Annals speaks. */
  readonly revisions: readonly string[];
}

/** Whether a revision, a date, lies in a range such as `>=2025-06-18 <=2026-07-28`; dates are compared as text. */
export function inProtocolRange(revision: string, range: string): boolean {
  return range
    .trim()
    .split(/\s+/)
    .every((part) => {
      const [, operator = '', date = ''] = /^(>=|<=|>|<|=?)(.*)$/.exec(part) ?? [];
      if (operator === '>=') return revision >= date;
      if (operator === '<=') return revision <= date;
      if (operator === '>') return revision > date;
      return operator === '<' ? revision < date : revision === date || date === '*';
    });
}

/** Why a server with these requirements cannot run here; one sentence each, without the full stop. */
export function whyUnusable(needs: Requirements, here: Surroundings, satisfies: (version: string, range: string) => boolean): string[] {
  const { requires, protocol, engines, platforms } = needs;
  return [
    ...(platforms.length > 0 && !platforms.includes(here.platform) ? [`it runs on ${platforms.join(', ')}, and this is ${here.platform}`] : []),
    ...Object.entries(engines).flatMap(([engine, range]) => {
      const version = here.engines[engine];
      return version !== undefined && satisfies(version, range) ? [] : [`it needs ${engine} ${range}, and here is ${version ?? 'none'}`];
    }),
    ...(protocol !== undefined && !here.revisions.some((revision) => inProtocolRange(revision, protocol))
      ? [`it speaks the protocol ${protocol}, and Annals ${here.revisions.join(', ')}`]
      : []),
    ...requires.client.filter((each) => !here.client.includes(each)).map((each) => `it needs ${each} of its client`),
    ...requires.extensions.filter((each) => !here.extensions.includes(each)).map((each) => `it needs the extension ${each}`),
  ];
}
