// Preloaded into a server of tools over stdio: writes down the calls that reach it, and keeps what it answers to itself while there is a file named hold.
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const { HELD_ANSWERS: folder = '.', HELD_NAME: name = '' } = process.env;
let called = false;

const push = process.stdin.push.bind(process.stdin);
process.stdin.push = (chunk, ...rest) => {
  const calls = String(chunk ?? '').split('"method":"tools/call"').length - 1;
  if (calls > 0) appendFileSync(join(folder, 'calls'), `${name}\n`.repeat(calls));
  called ||= calls > 0;
  return push(chunk, ...rest);
};
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (chunk, ...rest) => {
  if (!called || !existsSync(join(folder, 'hold'))) return write(chunk, ...rest);
  rest.findLast((each) => typeof each === 'function')?.();
  return true;
};
