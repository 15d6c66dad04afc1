import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type JSONRPCMessage, ReadBuffer, serializeMessage, type Transport } from '@modelcontextprotocol/client';
import { endGroup } from './process-group.ts';

export interface StdioLaunch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  /** A message longer than this (bytes) ends the connection. */
  readonly maxMessageBytes: number;
}

export interface StdioTransport extends Transport {
  /** The leader of the child's group of processes, once it has started. */
  readonly pid: number | undefined;
  /** The end of what the child wrote to its stderr, for whoever has to find out why it ended. */
  lastWords(): string;
}

/** Without it not even `#!/usr/bin/env node` would find anything; it says nothing about this process. */
const PATH = '/usr/local/bin:/usr/bin:/bin';
const LAST_WORDS = 4096;
/** How long a child may go on after its input has ended, in ms. */
const FAREWELL_MS = 300;

/**
 * A child process that is spoken to over its stdin and stdout, a line a message. It leads a group of its own, which is ended as a whole; its environment
 * is what is given and nothing else; no shell has to do with it; what it writes to stderr is read, so that it never blocks on it.
 */
export function createStdioTransport({ command, args, cwd, env, maxMessageBytes }: StdioLaunch): StdioTransport {
  const buffer = new ReadBuffer({ maxBufferSize: maxMessageBytes });
  let child: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  let closing: Promise<void> | undefined;
  let words = '';

  const read = (): void => {
    for (;;) {
      try {
        const message = buffer.readMessage();
        if (message === null) return;
        transport.onmessage?.(message);
      } catch (error) {
        // One line that is no message: servers print such things by mistake.
        transport.onerror?.(error as Error);
      }
    }
  };

  const transport: StdioTransport = {
    get pid() {
      return child?.pid;
    },
    lastWords: () => words,
    async start() {
      const started = spawn(programOf(command), [...args], {
        env: { PATH, ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
        shell: false,
        detached: true,
        windowsHide: true,
        ...(cwd === undefined ? {} : { cwd }),
      });
      child = started;
      await new Promise<void>((resolve, reject) => {
        started.once('spawn', resolve);
        started.once('error', reject);
      });
      started.on('error', (error) => transport.onerror?.(error));
      started.stdin.on('error', (error) => transport.onerror?.(error));
      started.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-LAST_WORDS)));
      started.stdout.on('data', (chunk: Buffer) => {
        try {
          buffer.append(chunk);
        } catch (error) {
          transport.onerror?.(error as Error);
          void transport.close();
          return;
        }
        read();
      });
      // Not `close`: a grandchild that holds the pipes would put it off for ever.
      started.once('exit', () => {
        void transport.close();
      });
    },
    async send(message: JSONRPCMessage) {
      const to = child?.stdin;
      if (!to?.writable) throw new Error('The child process has ended.');
      await new Promise<void>((resolve, reject) => {
        if (to.write(serializeMessage(message), (error) => error && reject(error))) resolve();
        else to.once('drain', resolve);
      });
    },
    close: () => (closing ??= end()),
  };

  async function end(): Promise<void> {
    const { pid } = child ?? {};
    child?.stdin.end();
    if (child && pid !== undefined) {
      const exited = child.exitCode !== null || child.signalCode !== null;
      if (!exited)
        await Promise.race([new Promise((resolve) => child?.once('exit', resolve)), new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))]);
      await endGroup(pid);
    }
    for (const stream of [child?.stdin, child?.stdout, child?.stderr]) stream?.destroy();
    buffer.clear();
    transport.onclose?.();
  }
  return transport;
}

/** Where the program lies: looked for in this process's own PATH, because the child has another; `node` is the one that runs this. */
export function programOf(command: string): string {
  if (command === 'node') return process.execPath;
  if (isAbsolute(command) || command.includes('/')) return command;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, command);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return command;
}
