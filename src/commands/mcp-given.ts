import { z } from 'zod';
import { type McpAddress, McpAudience, McpSlug, McpTransport } from '../domain/mcp/server.ts';

/** No line break, nothing that could end a header or an argument. */
export const Line = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\0\r\n]*$/, 'must be one line');
const Text = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\0]*$/, 'must not have a NUL in it');
const Url = z
  .url({ protocol: /^https?$/, error: 'must be an address that begins with https:// or http://' })
  .max(2000)
  .refine(
    (url) => URL.parse(url)?.username === '' && URL.parse(url)?.password === '',
    'must not have a user or a password in it: give it as a header',
  );
const HeaderName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of a header');
/** Headers that belong to the connection and the protocol. */
const RESERVED = /^(host|connection|content-length|transfer-encoding|upgrade|cookie|origin|mcp-.*|proxy-.*)$/i;
/** Variables that make another program of the one that is named. */
const TAKING_OVER = /^(NODE_OPTIONS|BASH_ENV|ENV|PYTHONSTARTUP|PYTHONPATH|PERL5OPT|RUBYOPT|LD_.*|DYLD_.*)$/;
const EnvName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable');
const GivenAddress = z.union([
  z.strictObject({
    command: Line(1000).min(1),
    args: z.array(Text(10_000)).max(100).default([]),
    cwd: Line(1000).nullable().default(null),
  }),
  z.strictObject({ url: Url }),
]) satisfies z.ZodType<z.output<typeof McpAddress>>;

/** A server as it is given; the values of headers and variables are taken as they are, nothing in them is looked up or replaced. */
export const GivenMcpServer = z.object({
  slug: McpSlug,
  title: Line(200).default(''),
  transport: McpTransport,
  address: GivenAddress,
  headers: z
    .record(
      HeaderName.refine((name) => !RESERVED.test(name), 'is a header that Annals sets itself'),
      Line(8192),
    )
    .default({}),
  env: z
    .record(
      EnvName.refine((name) => !TAKING_OVER.test(name), 'is a variable that makes another program of it'),
      Text(32_768),
    )
    .default({}),
  /** `oauth`: each person logs in there for itself. */
  auth: z.enum(['none', 'oauth']).default('none'),
  /** Of that login: a client that is registered there by hand, and what to ask for; without it both are found out. */
  oauth: z
    .strictObject({
      clientId: Line(500).min(1).nullable().default(null),
      clientSecret: Line(2000).min(1).optional(),
      scopes: z
        .array(Line(200).regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be a scope, without spaces'))
        .max(50)
        .default([]),
    })
    .optional(),
  audience: McpAudience.default('everybody'),
  enabled: z.boolean().default(true),
  timeoutMs: z.int().min(1000).max(3_600_000).nullable().default(null),
});
export type GivenMcpServer = z.output<typeof GivenMcpServer>;

/** What is hidden inside a server's sealed part, as JSON. */
export const McpSecret = z.object({
  headers: z.record(z.string(), z.string()),
  env: z.record(z.string(), z.string()),
  clientSecret: z.string().optional(),
});
