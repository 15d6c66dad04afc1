import { spawn } from 'node:child_process';
import type { NpmError } from './port.ts';

/** What npm's own configuration, proxies and certificates stand in. Nothing else of this process is any of its business. */
const PASSED =
  /^(path|home|userprofile|appdata|tmpdir|temp|tmp|lang|https?_proxy|no_proxy|all_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|npm_config_.*)$/i;
/** These say where another npm, which has started this process, works. */
const NOT_PASSED = /^npm_config_(local_prefix|prefix|ignore_scripts|global)$/i;
const MOST_OUTPUT = 32 * 1024 * 1024;
const LAST = 4000;

export interface NpmDone {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs npm in a folder, without a shell. Resolves whatever becomes of it; `undefined`: there is no npm. */
export function runNpm(args: readonly string[], { cwd, signal }: { cwd: string; signal: AbortSignal }): Promise<NpmDone | undefined> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED.test(name) && !NOT_PASSED.test(name)));
  return new Promise((resolve) => {
    const child = spawn('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'], {
      cwd,
      env,
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < MOST_OUTPUT) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-LAST)));
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ENOENT' ? undefined : { code: 1, stdout, stderr: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

export const missing: NpmError = { code: 'Missing', message: 'There is no npm on this machine.' };

/** npm says what was wrong by a code of its own in what it writes. */
export function npmErrorOf({ stdout, stderr }: NpmDone): NpmError {
  const said = `${stderr}\n${stdout.slice(-LAST)}`;
  const [, code = ''] = /\b(E[A-Z0-9_]{3,})\b/.exec(said) ?? [];
  if (/^(E404|ETARGET|ENOVERSIONS)$/.test(code)) return { code: 'NotFound', message: 'The registry has no such package or version.' };
  if (code === 'EINTEGRITY') return { code: 'Integrity', message: 'What came is not what the lock says: nothing was installed.' };
  if (/^(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|E5\d\d|ERR_SOCKET_TIMEOUT)$/.test(code))
    return { code: 'Unreachable', message: `The registry could not be reached (${code}).` };
  return { code: 'Failed', message: `npm failed${code === '' ? '' : ` (${code})`}.` };
}
