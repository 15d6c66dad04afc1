import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { isOidcSetting, type OidcSettings, readOidcSettings } from './settings-login.ts';

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);
/** `name=30d,other=12h,third=never` in hours. */
const retention = list.transform(
  (items, context): Record<string, number | null> =>
    Object.fromEntries(
      items.map((item) => {
        const [, name = '', count, unit] = /^(\w+)=(?:(\d{1,6})(h|d)|never)$/.exec(item) ?? [];
        if (name === '') context.addIssue(`must be a list such as trash=30d,reports=90d, but has ${item}`);
        return [name, count === undefined ? null : Number(count) * (unit === 'd' ? 24 : 1)];
      }),
    ),
);
const milliseconds = z.coerce.number().int().nonnegative();

/** Every setting there is; a name that begins with ANNALS_ and is not here is an error. */
const Settings = z.object({
  ANNALS_HOST: z.string().default('127.0.0.1'),
  ANNALS_PORT: z.coerce.number().int().min(0).max(65535).default(4417),
  ANNALS_DATA: z.string().default('./data'),
  ANNALS_PUBLIC_URL: z.url().optional(),
  /** Files in PEM: the certificate with its chain, and its key. With them the server speaks HTTPS, without them HTTP. */
  ANNALS_TLS_CERT: z.string().optional(),
  ANNALS_TLS_KEY: z.string().optional(),
  /** How often one person may call routes that cost much, in a minute and process; 0: as often as it likes. Default: 300, and 0 where there is a local person. */
  ANNALS_COSTLY_PER_MINUTE: z.coerce.number().int().min(0).optional(),
  /** Further Host names under which the server may be called. */
  ANNALS_HOSTS: list.default([]),
  /** Further origins whose pages may call it. */
  ANNALS_ORIGINS: list.default([]),
  /** `provider/model` used when nobody chose. */
  ANNALS_MODEL: z
    .string()
    .regex(/^[^/]+\/.+$/, 'must be provider/model, for example openai/gpt-4o')
    .optional(),
  /** Signs the tokens; at least 32 bytes. Default: made on first start, kept in the data folder. */
  ANNALS_JWT_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  /** How the tokens are signed. */
  JWT_ALGORITHM: z.enum(['HS256', 'HS384', 'HS512']).default('HS256'),
  /** How long the token of a new account is valid. */
  JWT_ACCESS_TOKEN_EXPIRE_MINUTES: z.coerce.number().int().min(1).max(525_600).default(1440),
  /** Whether anybody may make an account by `POST /users/`. Default: only where nobody but this machine can. */
  ANNALS_REGISTRATION: z.enum(['open', 'closed']).optional(),
  /** Login with Google: the client that was registered there, with `<this server>/login/google/callback` as its redirect. */
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_CLIENT_SECRET: z.string().optional(),
  MICROSOFT_CLIENT_ID: z.string().optional(),
  MICROSOFT_CLIENT_SECRET: z.string().optional(),
  /** A tenant's id, or `common`, `organizations` or `consumers`. */
  MICROSOFT_TENANT: z
    .string()
    .regex(/^[\w.-]+$/)
    .default('common'),
  APPLE_CLIENT_ID: z.string().optional(),
  APPLE_TEAM_ID: z.string().optional(),
  APPLE_KEY_ID: z.string().optional(),
  /** The text of the .p8 file. */
  APPLE_PRIVATE_KEY: z.string().optional(),
  /** Made of all ANNALS_OIDC_<NAME>_ISSUER, _CLIENT_ID, _CLIENT_SECRET, _PKCE, _SCOPES and _LABEL. */
  ANNALS_OIDC: z
    .undefined('is made of the settings ANNALS_OIDC_<NAME>_ISSUER and so on')
    .optional()
    .transform((): readonly OidcSettings[] => []),
  /** Who becomes the first administrator: whoever comes from that issuer with this address, verified there. Default: whoever logs in first. */
  ANNALS_ADMIN_EMAIL: z.email().optional(),
  ANNALS_ADMIN_ISSUER: z.url().optional(),
  /** A session that nobody uses is over after this, in ms. */
  ANNALS_SESSION_IDLE: milliseconds.default(30 * 24 * 3600_000),
  /** Any session is over after this, in ms. */
  ANNALS_SESSION_MAX: milliseconds.default(180 * 24 * 3600_000),
  /** Addresses or networks of proxies that may say in X-User-ID who comes, or `unix`. */
  ANNALS_TRUSTED_PROXIES: list.default([]),
  /** What these send as X-Annals-Proxy-Secret. */
  ANNALS_PROXY_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  /** `1`, on a loopback address only: X-User-ID is believed without a secret. */
  ANNALS_DEV_USER: z.enum(['0', '1']).default('0'),
  /** Base64 of 32 bytes; wraps the data keys. Default: made on first start, kept in the data folder. */
  RINI_API_MASTER_KEY: z.string().optional(),
  /** Only for `annals keys rewrap`: what RINI_API_MASTER_KEY is to be from then on. */
  ANNALS_NEW_MASTER_KEY: z.string().optional(),
  /** How long a SIGTERM waits for streaming answers, in ms. */
  ANNALS_DRAIN: milliseconds.default(30_000),
  /** How long a server that is about to stop goes on answering as unready, so that a load balancer notices first, in ms. */
  ANNALS_LINGER: milliseconds.default(0),
  /** How long an approval may wait for its answer, in ms. */
  ANNALS_APPROVAL_TIMEOUT: milliseconds.default(24 * 3600_000),
  /** Where signed heads of the log are added to, one a line: best on another disk or machine. Default: `heads.jsonl` in the data folder. */
  ANNALS_HEADS_FILE: z.string().optional(),
  /** How often one is signed while the log grows, in ms. */
  ANNALS_HEADS_EVERY: milliseconds.default(60_000),
  /** Whether personal data is masked in prompts: `foreign` for providers that do not run here. Until an administrator says otherwise. */
  ANNALS_MASKING: z.enum(['off', 'foreign', 'all']).default('off'),
  /** `conversations=365d,trash=30d,uploads=30d,reports=90d,liveLog=24h,exports=24h`, or `never`. Until an administrator says otherwise. */
  ANNALS_RETENTION: retention.default({}),
  /** Figures of fewer persons are not shown to analysts. */
  ANNALS_ANALYTICS_LEAST: z.coerce.number().int().min(20, 'must be 20 at least').default(20),
  /** Where erasures are listed besides the data folder (on servers: the database), one a line: where no backup that is put back goes over it. */
  ANNALS_ERASURES_FILE: z.string().optional(),
  /** Networks in which servers of tools that persons name may be although they are private: `10.0.0.0/8`, one address, `*`. Default: all where only this machine can come, else none. */
  ANNALS_PRIVATE_ADDRESSES: list
    .default([])
    .refine(
      (entries) => entries.every((entry) => /^(\*|[0-9.]+(\/\d{1,2})?|[0-9a-fA-F:.]+(\/\d{1,3})?)$/.test(entry)),
      'must be addresses or networks such as 10.0.0.0/8, or *',
    ),
  /** The commands that servers of tools may be started by, as they are registered. Default: whatever an administrator registers. */
  ANNALS_MCP_COMMANDS: list.default([]),
  /** A file of servers of tools that may be added by their names: a path, or an address that begins with https://. Its Ed25519 signature lies beside it in `.sig`. */
  ANNALS_MCP_CATALOGUE: z
    .string()
    .refine((place) => place.startsWith('https://') || !/^[a-z]+:\/\//.test(place), 'must be a path, or an address that begins with https://')
    .optional(),
  /** Who signs it: base64 of the 32 bytes of the public key. */
  ANNALS_MCP_CATALOGUE_KEY: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/, 'must be base64 of the 32 bytes of an Ed25519 key')
    .optional(),
  /** `on`: persons may add such entries as are started by a command here, where the entry says so. Default: administrators alone. */
  ANNALS_MCP_CATALOGUE_PERSONS: z.enum(['on', 'off']).default('off'),
  /** How long a connection to a server of tools may be idle, in ms. */
  ANNALS_MCP_IDLE: milliseconds.default(600_000),
  /** How often new versions are looked for of servers of tools that are to be kept up to date by themselves, in ms. */
  ANNALS_MCP_LOOK_UP: milliseconds.min(60_000).default(24 * 3600_000),
  /** How long a new version of a server of tools is watched before it is taken to hold, in ms. */
  ANNALS_MCP_WATCH: milliseconds.default(600_000),
  /** What the definitions of a person's tools may cost before a model has to look for them, in tokens as they are estimated; 0: always. */
  ANNALS_TOOL_SEARCH: z.coerce.number().int().min(0).default(20_000),
  /** With it as a bearer token `/metrics` can be read; without, administrators alone can. */
  ANNALS_METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  /** A JSON file with `mcpServers`, read at each start: servers of tools for everybody. */
  AICHAT_MCP_SERVERS_FILE: z.string().optional(),
  /** `off`: model servers on this machine's usual ports are not looked for. */
  ANNALS_LOCAL_MODELS: z.enum(['on', 'off']).default('on'),
  /** `off`: nobody shares anything any more; shares that there are go on until they are ended. */
  ANNALS_SHARING: z.enum(['on', 'off']).default('on'),
  /** Which part of the work is this process's; only where EVENTSTORE_URL and MONGODB_URL are set there can be more than one process. */
  ANNALS_ROLE: z.enum(['all', 'api', 'workers']).default('all'),
  /** `esdb://…` or `esdb+discover://…`, with user and password in it where the server asks for them: events go there instead of into the data folder. */
  EVENTSTORE_URL: z
    .string()
    .regex(/^esdb(\+discover)?:\/\//, 'must begin with esdb:// or esdb+discover://')
    .optional(),
  /** `mongodb://…` or `mongodb+srv://…`: views, keys, files and leases go there instead of into the data folder. */
  MONGODB_URL: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://')
    .optional(),
  /** `host:port,host:port`: public events go there, without anything personal. */
  KAFKA_BROKERS: list.default([]),
  KAFKA_SSL: z.enum(['on', 'off']).default('off'),
  /** With KAFKA_USERNAME and KAFKA_PASSWORD. */
  KAFKA_SASL: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  KAFKA_USERNAME: z.string().optional(),
  KAFKA_PASSWORD: z.string().optional(),
  /** Begins the names of the topics, and keeps installations on one cluster apart. */
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]*$/, 'may only have letters, digits, dots, dashes and underscores')
    .default('annals.'),
  /** `on`: people may log in with an e-mail address and a password. */
  ANNALS_PASSWORD_LOGIN: z.enum(['on', 'off']).default('off'),
  /** `smtp://user:password@host:587` or `smtps://…`: mails leave by this server. Without it administrators hand links over. */
  ANNALS_SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://')
    .optional(),
  /** Whom mails come from, such as `Annals <annals@example.org>`. */
  ANNALS_MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*@[^\r\n]+$/, 'must be an e-mail address')
    .optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: z.url().optional(),
  OPENAI_DEFAULT_MODEL: z.string().optional(),
  OPENAI_SYSTEM_PROMPT: z.string().optional(),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: z.url().optional(),
  GEMINI_API_KEY: z.string().optional(),
  GEMINI_BASE_URL: z.url().optional(),
  /** `off`: models get no built-in tools. */
  ANNALS_TOOLS: z.enum(['on', 'off']).default('on'),
  /** `off`: no model reads pages of the web. */
  ANNALS_FETCH_PAGE: z.enum(['on', 'off']).default('on'),
  /** One of these, and models may search the web. */
  SEARXNG_URL: z.url().optional(),
  BRAVE_API_KEY: z.string().optional(),
  TAVILY_API_KEY: z.string().optional(),
  /** Only for `annals mcp --url`: whose prompts it serves. */
  ANNALS_TOKEN: z.string().optional(),
});
export type Settings = z.infer<typeof Settings>;

export type ReadSettings = { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly message: string };

/** Names of the systems that Annals takes the place of, each for one of ours. */
const aliases: Readonly<Record<string, keyof Settings>> = { JWT_SECRET_KEY: 'ANNALS_JWT_SECRET' };

/** From the environment, over a `.env` of the working folder, under the given options of the command line. An empty value counts as unset. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  options: Readonly<Record<string, string | undefined>> = {},
  folder = '.',
): ReadSettings {
  const file = resolve(folder, '.env');
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const merged = Object.fromEntries(
    [fromFile, environment, options].flatMap((source) => Object.entries(source)).filter(([, value]) => value !== undefined && value !== ''),
  );
  for (const [alias, name] of Object.entries(aliases)) if (merged[alias] !== undefined) merged[name] ??= merged[alias];
  const unknown = Object.keys(merged).filter((name) => name.startsWith('ANNALS_') && !(name in Settings.shape) && !isOidcSetting(name));
  if (unknown.length > 0)
    return { ok: false, message: `There is no setting ${unknown.join(', ')}. The settings are: ${Object.keys(Settings.shape).join(', ')}.` };
  const { providers, problems } = readOidcSettings(merged);
  if (problems.length > 0) return { ok: false, message: problems.join(' ') };
  const parsed = Settings.safeParse(merged);
  if (parsed.success) return { ok: true, settings: { ...parsed.data, ANNALS_OIDC: providers } };
  return {
    ok: false,
    message: parsed.error.issues.map(({ path, message }) => `The setting ${path.map(String).join('.')} cannot be used: ${message}.`).join(' '),
  };
}

/** Loopback addresses: only there is a local person. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

/** Servers hold the data, and several processes may share the work. */
export const isDistributed = ({ EVENTSTORE_URL, MONGODB_URL }: Settings): boolean => EVENTSTORE_URL !== undefined || MONGODB_URL !== undefined;
