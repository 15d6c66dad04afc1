// Runs after `npm ci`: builds the browser app where its tools are installed, and does nothing where they are not
// (`npm ci --omit=dev`, or a checkout that has no web folder yet).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const vite = `${root}node_modules/vite/bin/vite.js`;
if (existsSync(vite) && existsSync(`${root}web/vite.config.ts`)) {
  // Whoever develops or tests has another NODE_ENV, which would make the slow React with this machine's paths in it.
  const env = { ...process.env, NODE_ENV: 'production' };
  const { status } = spawnSync('node', [vite, 'build', 'web', '--logLevel', 'warn'], { cwd: root, env, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
