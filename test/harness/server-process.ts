import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export interface ServerProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything it said. */
  readonly output: () => string;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts a real server in a process of its own and waits until it says that it is ready. Rejects with what it said when it ends before that. */
export async function startServerProcess(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'start', '--port', '0', '--data', folder], {
    env: { ...cleanEnvironment(), ANNALS_LOCAL_MODELS: 'off', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said += `${line}\n`;
      const ready = /^annals: (https?:\/\/\S+)/.exec(line);
      if (ready?.[1]) resolve(ready[1]);
    });
    child.once('exit', (code) => reject(new Error(`The server ended with ${code} before it was ready: ${said}`)));
  });
  return {
    url,
    process: child,
    output: () => said,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

/** The environment without settings of a server. */
const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(ANNALS_|OPENAI_|ANTHROPIC_|GEMINI_|RINI_|EVENTSTORE_|MONGODB_|KAFKA_|VITEST)/.test(name)),
  );
