import { setTimeout as sleep } from 'node:timers/promises';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { promptServer } from '../api/mcp/server.ts';
import { PromptArgument, PromptMessage } from '../domain/prompt/index.ts';
import type { PromptSource } from '../projections/prompt-source.ts';
import type { Settings } from '../settings.ts';
import { type RunningServer, runningServer } from './address.ts';
import { fail } from './fail.ts';

const Page = z.object({
  prompts: z.array(z.object({ name: z.string(), title: z.string(), description: z.string(), arguments: z.array(PromptArgument) })),
  next: z.string().optional(),
});
const Expanded = z.object({ title: z.string(), description: z.string(), messages: z.array(PromptMessage) });
const Values = z.object({ values: z.array(z.string()), total: z.int() });
const Problem = z.object({ detail: z.string() });

/** When notices broke off, or there were none, it is tried again after this, in ms. */
const AGAIN_MS = 5000;
/** How long a stream of notices is good for. */
const STREAM_SECONDS = 12 * 3600;

/** Serves the prompts of a running server to the program at the other end of stdin and stdout, until that ends. */
export async function serveMcp(settings: Settings, { url }: { url?: string }): Promise<void> {
  const server = url === undefined ? await runningServer(settings) : elsewhere(settings, url);
  const source = promptsOf(server);
  let served: ReturnType<typeof promptServer> | undefined;
  // Whoever starts it wants to know at once that there is nobody to ask.
  if ((await source.list({ limit: 1 }).catch(() => undefined)) === undefined)
    return fail(`The server at ${server.address} does not answer, or not to this token.`);
  const ended = new AbortController();
  const handle = serveStdio(
    () => {
      served = promptServer(source);
      return served;
    },
    { onerror: (error) => void process.stderr.write(`annals: ${error.message}\n`) },
  );
  process.stdin.once('end', () => ended.abort()).once('close', () => ended.abort());
  await passOnNotices(server, ended.signal, () => served?.sendPromptListChanged());
  await handle.close();
}

function elsewhere({ ANNALS_TOKEN: token }: Settings, url: string): RunningServer {
  if (token === undefined) return fail('Set ANNALS_TOKEN to a token of that server: whoever has it there makes one with `annals token create`.');
  return { address: url.replace(/\/$/, ''), token: async () => token };
}

/** Over the server's own REST interface. */
function promptsOf({ address, token }: RunningServer): PromptSource {
  const call = async (path: string, body?: object): Promise<Response> =>
    fetch(address + path, {
      headers: { authorization: `Bearer ${await token()}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    });
  const wrong = async (answer: Response): Promise<string> =>
    Problem.safeParse(await answer.json().catch(() => undefined)).data?.detail ?? `The server answered ${answer.status}.`;
  return {
    async list({ cursor, search, limit }) {
      const asked = {
        usable: 'true',
        limit: String(limit),
        ...(cursor === undefined ? {} : { cursor }),
        ...(search === undefined ? {} : { search }),
      };
      const answer = await call(`/api/prompts?${new URLSearchParams(asked)}`);
      if (answer.status === 400) return undefined;
      if (!answer.ok) throw new Error(await wrong(answer));
      return Page.parse(await answer.json());
    },
    async get(name, values) {
      const answer = await call('/api/prompts/expand', { name, arguments: values });
      return answer.ok ? { ok: true, ...Expanded.parse(await answer.json()) } : { ok: false, message: await wrong(answer) };
    },
    async complete(name, argument, value) {
      const answer = await call('/api/prompts/complete', { name, argument, value });
      return answer.ok ? Values.parse(await answer.json()) : undefined;
    },
  };
}

/** Follows the server's notices until the signal. */
async function passOnNotices({ address, token }: RunningServer, signal: AbortSignal, changed: () => Promise<void> | undefined): Promise<void> {
  for (let first = true; !signal.aborted; first = false) {
    // What happened in between nobody has told.
    if (!first) await changed()?.catch(() => undefined);
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${await token(STREAM_SECONDS)}` };
    const stream = await fetch(`${address}/mcp`, { headers, signal }).catch(() => undefined);
    const text = stream?.ok ? stream.body?.pipeThrough(new TextDecoderStream()) : undefined;
    try {
      for await (const piece of text ?? []) if (piece.includes('data:')) await changed()?.catch(() => undefined);
    } catch {
      // It is followed again.
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}
