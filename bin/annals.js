#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));

/** An older Node strips no types: the one that was installed with Annals does. */
function nodeToUse() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    process.stderr.write(
      `annals: this is Node ${process.versions.node}, and Annals needs 24 or newer: install that, or run \`npm ci\` in Annals' folder.\n`,
    );
    process.exit(1);
  }
}

const child = spawn(nodeToUse(), ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], { stdio: 'inherit' });
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
// Ctrl-C and a closed terminal reach both processes, and a second signal would cut the server's good end short.
const isSentToBoth = (signal) => signal !== 'SIGTERM' && process.stdin.isTTY;
for (const signal of signals) process.on(signal, () => isSentToBoth(signal) || child.kill(signal));
child.on('error', (error) => {
  process.stderr.write(`annals: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  for (const each of signals) process.removeAllListeners(each);
  process.kill(process.pid, signal);
});
