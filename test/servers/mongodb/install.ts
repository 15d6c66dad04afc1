import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const cache = fileURLToPath(new URL('../../../node_modules/.cache/annals-servers', import.meta.url));
const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const run = promisify(execFile);
const INSTALL_MS = 300_000;

/**
 * The folder with the Python packages of `requirements.txt`, installed there once under this name. Several processes may ask at the same time: each
 * installs beside it, and the first one done wins. Rejects with what Python or pip said.
 */
export async function installed(name: string): Promise<string> {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, 'installing-'));
  try {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--root-user-action=ignore', '--no-deps'];
    await run('python3', [...pip, '--target', fresh, '--requirement', requirements], { timeout: INSTALL_MS });
    await rename(fresh, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}
