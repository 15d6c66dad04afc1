import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { type ServerProcess, startServerProcess } from '../../harness/server-process.ts';

const main = fileURLToPath(new URL('../../../src/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command of the command line to its end. */
export async function annals(args: readonly string[], environment: Readonly<Record<string, string>> = {}, cwd = tmpdir()): Promise<Ended> {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(ANNALS_|OPENAI_|ANTHROPIC_|GEMINI_|RINI_|EVENTSTORE_|MONGODB_|KAFKA_|VITEST)/.test(name)),
  );
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    env: { ...clean, ANNALS_LOCAL_MODELS: 'off', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, out, err };
}

/** Starts a server that must refuse to: answers the one sentence that it said. */
export async function refusal(folder: string, environment: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<string> {
  const { code, out, err } = await annals(['start', '--port', '0', '--data', folder, ...args], environment, folder);
  expect(out, err).toBe('');
  expect(err).toMatch(/^annals: [^\n]+\n$/);
  expect(code).toBe(1);
  return err;
}

const made: string[] = [];
const started: ServerProcess[] = [];

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'annals-process-'));
  made.push(folder);
  return folder;
}

export function copyOf(folder: string): string {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true, filter: (source) => !source.includes('/lock.db') });
  return copy;
}

export async function startOn(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await startServerProcess(folder, environment);
  started.push(server);
  return server;
}

/** Ends what a test left running and removes every folder. */
export function cleanUp(): void {
  afterAll(async () => {
    await Promise.all(started.map((server) => server.kill('SIGKILL')));
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
  });
}

export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

/** What is in every file, the owner's lock aside, which nobody may open. */
export function contentsOf(folder: string): Record<string, string> {
  const files = filesOf(folder).filter((file) => !file.includes('/lock.db'));
  return Object.fromEntries(files.map((file) => [relative(folder, file), createHash('sha256').update(readFileSync(file)).digest('hex')]));
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into
  readonly json: any;
}

export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const init = body === undefined ? {} : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) };
  const response = await fetch(url + path, { method, headers: { 'content-type': 'application/json', ...headers }, ...init });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, json: type.includes('json') && !type.includes('ndjson') && text ? JSON.parse(text) : text };
}

/** Sends a message in a conversation, new unless it is given, and waits for the answer's end or pause. */
export async function chat(
  url: string,
  text: string,
  conversationId?: string,
): Promise<{ conversationId: string; messageId: string; runId: string; replyId: string; streamed: string }> {
  const id: string = conversationId ?? (await call(url, 'POST', '/api/conversations', {})).json.conversationId;
  const sent = await call(url, 'POST', `/api/conversations/${id}/messages`, { parts: [{ type: 'text', text }], reply: true });
  expect(sent.status, JSON.stringify(sent.json)).toBe(201);
  const streamed = await call(url, 'GET', `/api/conversations/${id}/runs/${sent.json.runId}/stream`);
  return { conversationId: id, ...sent.json, streamed: streamed.json };
}

export const textsOf = (answer: Answer): string => JSON.stringify((answer.json.messages ?? []).map(({ parts }: { parts: unknown }) => parts));

export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await sleep(20);
}
