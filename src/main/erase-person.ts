import { setTimeout as sleep } from 'node:timers/promises';
import { progress } from '@clack/prompts';
import { z } from 'zod';
import type { Settings } from '../settings.ts';
import { callServer } from './address.ts';

const Begun = z.object({ jobId: z.string() });
const Erasure = z.object({ status: z.enum(['requested', 'running', 'succeeded', 'failed', 'cancelled']), number: z.number(), of: z.number() });
const EVERY_MS = 200;

/** Has the running server erase the person, and waits for the end. Broken off, the erasure goes on by itself. */
export async function erasePerson(settings: Settings, person: string): Promise<void> {
  const path = `/api/people/${encodeURIComponent(person)}/erase`;
  const headers = { 'content-type': 'application/json' };
  const answer = await callServer(settings, path, { method: 'POST', headers, body: JSON.stringify({ confirm: person }) });
  const { jobId } = Begun.parse(await answer.json());
  const bar = progress({ style: 'heavy', max: 1 });
  bar.start(`The account ${person} is closed; its erasure is ${jobId}`);
  for (;;) {
    const { status, number, of } = Erasure.parse(await (await callServer(settings, `/api/erasures/${jobId}`)).json());
    if (status === 'succeeded') break;
    bar.message(`Erasing ${person}: step ${number} of ${of}`);
    await sleep(EVERY_MS);
  }
  bar.stop(`${person} is erased. Backups from before are erased again by the erasure list when they are put back: keep it apart from them.`);
}
