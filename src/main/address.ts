import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from './fail.ts';

const fileIn = (folder: string): string => join(folder, 'address');

/** Tells the other commands where the server of this folder listens. */
export const writeAddress = (folder: string, address: string): void => writeFileSync(fileIn(folder), `${address}\n`);
export const removeAddress = (folder: string): void => rmSync(fileIn(folder), { force: true });

/** Calls the running server of this folder, as the local person. */
export async function callServer(folder: string, path: string, init: RequestInit = {}): Promise<Response> {
  let address: string;
  try {
    address = readFileSync(fileIn(folder), 'utf8').trim();
  } catch {
    return fail(`No server runs on ${folder}: start one with \`npm start\`, or name its folder with --data.`);
  }
  const response = await fetch(address + path, init).catch(() => fail(`The server of ${folder} does not answer at ${address}: is it still running?`));
  if (response.ok) return response;
  const problem: unknown = await response.json().catch(() => ({}));
  return fail(
    typeof problem === 'object' && problem !== null && 'detail' in problem ? String(problem.detail) : `The server answered ${response.status}.`,
  );
}
