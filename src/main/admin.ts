import { progress } from '@clack/prompts';
import { z } from 'zod';
import type { Settings } from '../settings.ts';
import { callServer } from './address.ts';

const Views = z.object({
  views: z.array(
    z.object({ view: z.string(), version: z.number(), state: z.string(), position: z.string(), lagMs: z.number(), reason: z.string().optional() }),
  ),
});
const RebuildLine = z.union([
  z.object({ events: z.number(), documents: z.number(), equal: z.boolean() }),
  z.object({ events: z.number() }),
  z.object({ error: z.string() }),
]);

export async function printViews(settings: Settings): Promise<void> {
  const { views } = Views.parse(await (await callServer(settings, '/api/views')).json());
  for (const { view, version, state, position, lagMs, reason } of views) {
    process.stdout.write(
      `${`${view}@${version}`.padEnd(20)} ${state.padEnd(12)} at ${position} lag ${Math.round(lagMs)} ms${reason ? `  ${reason}` : ''}\n`,
    );
  }
}

export async function rebuildView(settings: Settings, view: string): Promise<void> {
  const response = await callServer(settings, `/api/views/${encodeURIComponent(view)}/rebuild`, { method: 'POST' });
  const bar = progress({ style: 'heavy', max: 1 });
  bar.start(`Rebuilding ${view}`);
  let last = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (last + text).split('\n');
    last = lines.pop() ?? '';
    for (const line of lines.filter(Boolean)) {
      const read = RebuildLine.parse(JSON.parse(line));
      if ('error' in read) {
        bar.stop(read.error);
        process.exitCode = 1;
      } else if ('equal' in read) {
        bar.stop(
          `${view}: ${read.documents} documents from ${read.events} events, ${read.equal ? 'the same bytes as before' : 'NOT the same as before: the old ones are gone, the new ones are right'}`,
        );
      } else bar.message(`Rebuilding ${view}: ${read.events} events`);
    }
  }
}

export async function createToken(settings: Settings, { person, days }: { person?: string; days: string }): Promise<void> {
  const body = JSON.stringify({ ...(person ? { person } : {}), days: Number(days) });
  const response = await callServer(settings, '/api/tokens', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { token } = z.object({ token: z.string() }).parse(await response.json());
  process.stdout.write(`${token}\n`);
}

export async function claimLocal(settings: Settings, person: string): Promise<void> {
  await callServer(settings, `/api/people/${encodeURIComponent(person)}/claim-local`, { method: 'POST' });
  process.stdout.write(`What the local person owned is ${person}’s now.\n`);
}
