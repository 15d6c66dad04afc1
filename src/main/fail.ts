import { logLine } from './log-line.ts';

/** Ends the process with one sentence for whoever started it. */
export function fail(message: string): never {
  process.stderr.write(`annals: ${logLine(message)}\n`);
  process.exit(1);
}
