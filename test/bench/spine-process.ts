import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export interface SpineProcess {
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

const Ready = z.object({ url: z.string(), token: z.string() });

/** Starts the bare spine and waits until it listens. */
export async function startSpine(folder: string): Promise<SpineProcess> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('./spine.ts', import.meta.url)), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    exited.then(() => undefined),
  ]);
  if (line === undefined) throw new Error('The spine ended before it listened.');
  return {
    ...Ready.parse(JSON.parse(line)),
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
