import { z } from 'zod';

/** Settings of a provider of one's own: `ANNALS_OIDC_<NAME>_ISSUER` and so on; the name stands in its address. */
const PATTERN = /^ANNALS_OIDC_([A-Z][A-Z0-9]{0,31})_(ISSUER|CLIENT_ID|CLIENT_SECRET|PKCE|SCOPES|LABEL)$/;
const RESERVED = new Set(['providers', 'password', 'google', 'microsoft', 'apple']);

const isLoopbackHost = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
export const Issuer = z.url().refine((url) => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
}, 'must begin with https://');

export const OidcSettings = z.object({
  key: z.string(),
  issuer: Issuer,
  clientId: z.string().min(1),
  /** None for a public client, which then needs PKCE. */
  clientSecret: z.string().optional(),
  /** `auto`: if the provider says that it knows it. */
  pkce: z.enum(['on', 'off', 'auto']).default('auto'),
  scopes: z
    .string()
    .default('profile email')
    .transform((text) => text.split(/[\s,]+/).filter((scope) => scope !== '' && scope !== 'openid')),
  label: z.string().max(64).optional(),
});
export type OidcSettings = z.infer<typeof OidcSettings>;

const fields = { ISSUER: 'issuer', CLIENT_ID: 'clientId', CLIENT_SECRET: 'clientSecret', PKCE: 'pkce', SCOPES: 'scopes', LABEL: 'label' } as const;

export const isOidcSetting = (name: string): boolean => PATTERN.test(name);

/** The providers that settings of this form name, or what is wrong with one of them. */
export function readOidcSettings(given: Readonly<Record<string, string | undefined>>): {
  providers: readonly OidcSettings[];
  problems: readonly string[];
} {
  const byName = new Map<string, Record<string, string | undefined>>();
  for (const [setting, value] of Object.entries(given)) {
    const [, name, field] = PATTERN.exec(setting) ?? [];
    if (name === undefined || field === undefined) continue;
    const key = name.toLowerCase();
    byName.set(name, { ...byName.get(name), key, [fields[field as keyof typeof fields]]: value });
  }
  const providers: OidcSettings[] = [];
  const problems: string[] = [];
  for (const [name, said] of byName) {
    const parsed = OidcSettings.safeParse(said);
    if (RESERVED.has(name.toLowerCase())) problems.push(`ANNALS_OIDC_${name}_… cannot be used: choose another name than ${name}.`);
    else if (parsed.success) providers.push(parsed.data);
    else
      for (const { path, message } of parsed.error.issues) {
        const field = Object.entries(fields).find(([, mine]) => mine === path[0])?.[0] ?? 'ISSUER';
        problems.push(`The setting ANNALS_OIDC_${name}_${field} cannot be used: ${message}.`);
      }
  }
  return { providers, problems };
}
