/** Ends the process with one sentence for whoever started it. */
export function fail(message: string): never {
  process.stderr.write(`annals: ${message}\n`);
  process.exit(1);
}
