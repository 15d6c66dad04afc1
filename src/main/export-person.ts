import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PersonId } from '../domain/ids.ts';
import type { Settings } from '../settings.ts';
import { callServer } from './address.ts';
import { fail } from './fail.ts';

const EVERY_MS = 250;
const Job = z.object({ status: z.string(), code: z.string().nullable() });

/** Writes everything that is kept of a person into a file that only whoever runs the server may read. */
export async function exportPerson(settings: Settings, id: string, file: string): Promise<void> {
  const person = PersonId.safeParse(id);
  if (!person.success) return fail(`${id} is nobody’s id: it begins with person_.`);
  const call = (path: string, init?: RequestInit): Promise<Response> => callServer(settings, path, init, person.data);
  const { jobId } = z.object({ jobId: z.string() }).parse(await (await call('/api/me/exports', { method: 'POST' })).json());
  for (;;) {
    const { status, code } = Job.parse(await (await call(`/api/jobs/${jobId}`, { headers: { prefer: 'wait=2' } })).json());
    if (status === 'succeeded') break;
    if (status === 'failed' || status === 'cancelled') return fail(`The export has ${status}${code === null ? '' : `: ${code}`}.`);
    await sleep(EVERY_MS);
  }
  const { body } = await call(`/api/me/exports/${jobId}/file`);
  if (!body) return fail('The server sent no file.');
  // Never over a file that is there.
  await pipeline(Readable.fromWeb(body as never), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  process.stdout.write(`Everything that is kept of ${person.data} is in ${file} now.\n`);
}
