import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from './test-server.ts';

/** Where a server keeps its data and where it listens: the same over all its restarts. */
export interface ServerPlace {
  readonly folder: string;
  readonly port: number;
}

export interface ServerProgram {
  readonly what: string;
  readonly command: (place: ServerPlace) => readonly [program: string, ...args: string[]];
  readonly url: (place: ServerPlace) => string;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Says whether it answers; a rejection means not yet. By default it answers when its port takes a connection. */
  readonly answers?: (place: ServerPlace) => Promise<boolean>;
  /** How long a start may take, in ms; 60,000 by default. */
  readonly startsWithin?: number;
}

/** Starts the program and resolves when it answers. Rejects with what it said when it ends before that or takes too long; leaves no process then. */
export async function spawnServer(program: ServerProgram): Promise<TestServer> {
  const place = { folder: await mkdtemp(join(tmpdir(), 'annals-server-')), port: await freePort() };
  const close = async () => {
    await running?.end('SIGKILL');
    await rm(place.folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const start = () =>
    spawnGroup(program, place).catch(async (error: unknown) => {
      await close();
      throw error;
    });
  let running: Group | undefined;
  running = await start();
  return {
    what: program.what,
    url: program.url(place),
    folder: place.folder,
    async signal(signal) {
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') running?.send(signal);
      else await running?.end(signal);
    },
    async restart() {
      await running?.end('SIGKILL');
      running = await start();
    },
    close,
  };
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('A TCP server has an address with a port.');
  return address.port;
}

/** A process and all that it starts itself. */
interface Group {
  send(signal: NodeJS.Signals): void;
  end(signal: NodeJS.Signals): Promise<void>;
}

async function spawnGroup(program: ServerProgram, place: ServerPlace): Promise<Group> {
  const [file, ...args] = program.command(place);
  const child = spawn(file, args, {
    cwd: place.folder,
    env: { ...process.env, ...program.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said = lastWords(child);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`));
    child.once('error', (error) => resolve(error.message));
  });
  const guard = child.pid === undefined ? undefined : guardian(child.pid, place.folder);
  void ended.then(() => guard?.kill('SIGKILL'));
  const group: Group = {
    send(signal) {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, signal);
    },
    async end(signal) {
      group.send(signal);
      await ended;
    },
  };
  const failure = await Promise.race([ended, answering(program, place, ended)]);
  if (failure === undefined) return group;
  await group.end('SIGKILL');
  throw new Error(`${program.what} did not start: ${failure}. It said: ${said() || 'nothing'}`);
}

/** `undefined` as soon as the server answers, else why it did not. */
async function answering(program: ServerProgram, place: ServerPlace, ended: Promise<unknown>): Promise<string | undefined> {
  const answers = program.answers ?? takesConnections;
  const limit = program.startsWithin ?? 60_000;
  const deadline = performance.now() + limit;
  let waiting = true;
  void ended.then(() => {
    waiting = false;
  });
  while (waiting && performance.now() < deadline) {
    if (await answers(place).catch(() => false)) return undefined;
    await sleep(50);
  }
  return `it did not answer within ${limit} ms`;
}

/** Whether somebody listens there. */
export function takesConnections({ port }: Pick<ServerPlace, 'port'>): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Kills the group and removes its folder when this process is gone, however it went. */
function guardian(group: number, folder: string): ChildProcess {
  const script = 'read -r _; kill -s KILL -- "-$0"; sleep 1; rm -rf "$1"';
  const guard = spawn('sh', ['-c', script, String(group), folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  return guard;
}

/** Reads on, so that the child never waits for us; keeps the last 1,000 characters. */
function lastWords(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-1000);
    });
  }
  return () => said.trim();
}
