import { z } from 'zod';
import { ModelError, type ModelErrorCode } from './port.ts';

/** What must never be seen outside: keys, and the parts of addresses that carry credentials. */
export type Secrets = readonly string[];

const Detail = z.object({
  message: z.string().optional().catch(undefined),
  code: z.union([z.string(), z.number()]).optional().catch(undefined),
  type: z.string().optional().catch(undefined),
  status: z.string().optional().catch(undefined),
  details: z
    .array(z.object({ retryDelay: z.string().optional().catch(undefined) }).catch({}))
    .optional()
    .catch(undefined),
});
type Detail = z.infer<typeof Detail>;
const Body = z.union([
  z.object({ error: Detail }).transform(({ error }) => error),
  z.object({ error: z.string() }).transform(({ error }): Detail => ({ message: error })),
  Detail,
]);

const statusOfWord: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  not_found_error: 404,
  model_not_found: 404,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  api_error: 500,
  server_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};
const policyWords = /content_policy|content_filter|content_management|safety|PROHIBITED_CONTENT/i;
const retried = new Set([408, 409, 429, 500, 502, 503, 504, 529]);

/** Makes a refusal of the provider ours. `status` is absent when the error came within an answer that had begun as a success; its words then decide. */
export function modelErrorOf(answer: { status?: number; headers?: Headers; body: string; secrets: Secrets; now?: number }): ModelError {
  const detail = Body.safeParse(parseJson(answer.body)).data ?? {};
  const status = answer.status ?? statusOf(detail);
  const said = detail.message === undefined ? undefined : withoutSecrets(detail.message, answer.secrets);
  const policy = (status === 400 || status === 403) && policyWords.test(`${detail.code ?? ''} ${detail.type ?? ''}`);
  const code = policy ? 'ContentPolicy' : codeOf(status);
  const retryAfter = retryAfterOf(answer.headers, answer.now ?? Date.now()) ?? retryDelayOf(detail);
  return new ModelError(code, `${sentences[code]} (${status}).`, {
    said,
    retryable: retried.has(status),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

/** Anything thrown on the way, as a `ModelError`: ours where one is in the chain of causes, a broken connection otherwise. Nothing of the original is kept. */
export function asModelError(thrown: unknown): ModelError {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error instanceof ModelError) return error;
  }
  return new ModelError('Unavailable', 'The connection to the model server failed or broke off. Check that it runs and that its address is right.', {
    retryable: true,
  });
}

/** Text of a provider that may be shown: one short line, or nothing of it when it repeats eight characters of a secret. */
export function withoutSecrets(text: string, secrets: Secrets): string {
  if (secrets.some((secret) => repeats(text, secret))) return '(its words were withheld because they contain a key)';
  return text
    .replace(/[\p{Cc}\p{Cf}<>]+/gu, ' ')
    .replace(/\b(bearer|basic)\s+\S+/gi, '$1 …')
    .replace(/\b(authorization|x-api-key|x-goog-api-key|api-key|key)(["']?\s*[:=]\s*)\S+/gi, '$1$2…')
    .replace(/\b(sk|pk|rk|gsk|xai)-[\w*-]{4,}/g, '…')
    .replace(/\bAIza[\w*-]{4,}/g, '…')
    .slice(0, 400)
    .trim();
}

function repeats(text: string, secret: string): boolean {
  if (secret === '') return false;
  const lower = text.toLowerCase();
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')].some((form) => {
    const width = Math.min(8, form.length);
    for (let at = 0; at + width <= form.length; at += 1) if (lower.includes(form.slice(at, at + width).toLowerCase())) return true;
    return false;
  });
}

function codeOf(status: number): Exclude<ModelErrorCode, 'ContentPolicy' | 'Interrupted' | 'CircuitOpen' | 'Aborted'> {
  if (status === 401 || status === 403) return 'Unauthorized';
  if (status === 404) return 'NotFound';
  if (status === 408 || status === 504) return 'Timeout';
  if (status === 429) return 'RateLimited';
  return status >= 400 && status < 500 && status !== 409 ? 'BadRequest' : 'Unavailable';
}

const sentences: Record<ReturnType<typeof codeOf> | 'ContentPolicy', string> = {
  Unauthorized: 'The model provider refused the key: check it in the settings',
  RateLimited: 'The model provider has had too many requests: wait a little',
  BadRequest: 'The model provider refused the request',
  NotFound: 'The model provider does not know this model or address',
  ContentPolicy: 'The model provider refused the content by its policy',
  Unavailable: 'The model provider is out of order',
  Timeout: 'The model provider ran out of time',
};

function statusOf({ code, type, status }: Detail): number {
  const numeric = Number(code);
  if (Number.isInteger(numeric) && numeric >= 400 && numeric < 600) return numeric;
  return statusOfWord[String(code)] ?? statusOfWord[type ?? ''] ?? (policyWords.test(`${code ?? ''} ${type ?? ''} ${status ?? ''}`) ? 400 : 500);
}

/** Milliseconds to wait by the headers, whichever of the usual forms they take; `undefined` when there is none that makes sense. */
export function retryAfterOf(headers: Headers | undefined, now: number): number | undefined {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const milliseconds = headers?.get(name)?.trim();
    if (milliseconds && /^\d+(\.\d+)?$/.test(milliseconds)) return Number(milliseconds);
  }
  const value = headers?.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = /[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function retryDelayOf({ details }: Detail): number | undefined {
  const delay = details?.find((one) => one.retryDelay)?.retryDelay;
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(delay ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
