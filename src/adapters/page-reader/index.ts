import { Worker } from 'node:worker_threads';
import type { GuardedFetch } from '../guarded-fetch/port.ts';
import { PageUnreadable, type ReadPage } from './port.ts';

const DEADLINE_MS = 20_000;
/** Of the page as it is sent, in characters: more is cut off. */
const MOST_CHARACTERS = 2_000_000;
/** What reading it may take. */
const READING_MS = 8000;

/** Reads pages that the guarded fetch lets through: HTML as its main article, texts as they are. */
export const createPageReader =
  (fetch: GuardedFetch): ReadPage =>
  async (url, { signal }) => {
    const until = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    const accept = 'text/html, application/xhtml+xml, text/plain, text/markdown, application/json;q=0.9';
    const response = await fetch(url, { signal: until, headers: { accept, 'user-agent': 'Annals' } }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new PageUnreadable(reasonOf(error));
    });
    const type = (response.headers.get('content-type') ?? 'text/html').split(';')[0]?.trim().toLowerCase() ?? '';
    if (!response.ok || !/^(text\/|application\/(json|xhtml\+xml|xml|[\w.-]+\+json))/.test(type)) {
      await response.body?.cancel();
      throw new PageUnreadable(
        response.ok ? `The page is ${type}, which cannot be read as text.` : `The page answered with status ${response.status}.`,
      );
    }
    const whole = await response.text().catch(() => Promise.reject(new PageUnreadable('The page is too large, or broke off.')));
    const text = whole.slice(0, MOST_CHARACTERS);
    const at = response.url === '' ? url : response.url;
    return /html/.test(type) ? { url: at, ...(await articleIn(text)) } : { url: at, title: '', text };
  };

/** What the guard refused says so itself; what a network says of it may name addresses. */
function reasonOf(error: unknown): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) if (cause.name === 'BlockedAddress') return cause.message;
  return error instanceof Error && error.name === 'TimeoutError' ? 'The page took too long.' : 'The page cannot be reached.';
}

/** In a thread of its own, which is ended when a page was made to keep it busy, or to fill its memory. */
async function articleIn(html: string): Promise<{ title: string; text: string }> {
  const thread = new Worker(new URL('./article-thread.ts', import.meta.url), { workerData: html, resourceLimits: { maxOldGenerationSizeMb: 256 } });
  const { promise, resolve, reject } = Promise.withResolvers<{ title: string; text: string }>();
  const tooMuch = (): void => reject(new PageUnreadable('The page is too complicated to be read.'));
  const timer = setTimeout(tooMuch, READING_MS);
  thread.once('message', resolve).once('error', tooMuch).once('exit', tooMuch);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}
