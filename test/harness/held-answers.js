// Preloaded into a server of tools over stdio: writes down the calls that reach it; while there is a file named hold, it keeps what it answers, and writes that
// down in its place.
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const { HELD_ANSWERS: folder = '.', HELD_NAME: name = '' } = process.env;
let called = false;

const push = process.stdin.push.bind(process.stdin);
process.stdin.push = (chunk, ...rest) => {
  const calls = String(chunk ?? '').split('"method":"tools/call"').length - 1;
  if (calls > 0) appendFileSync(join(folder, 'calls'), `${name} called\n`.repeat(calls));
  called ||= calls > 0;
  return push(chunk, ...rest);
};
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (chunk, ...rest) => {
  if (!called || !existsSync(join(folder, 'hold'))) return write(chunk, ...rest);
  if (/"(result|error)":/.test(String(chunk))) appendFileSync(join(folder, 'calls'), `${name} held\n`);
  rest.findLast((each) => typeof each === 'function')?.();
  return true;
};
