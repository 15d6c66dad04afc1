import type { McpAddress } from './server.ts';

/** A server that npm brings: its package, which version of it is wanted (a version, a range or a tag), and what the program itself gets. */
export interface NpmPackage {
  readonly name: string;
  readonly wanted: string | null;
  readonly args: readonly string[];
}

/** Names as npm takes them: no address, no path, nothing that could be an option. */
const NAME = /^(?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/;
const WANTED = /^[A-Za-z0-9^~<>=*][A-Za-z0-9.^~<>=*+|-]*$/;
const quiet: ReadonlySet<string> = new Set(['-y', '--yes', '-q', '--quiet']);

const EXACT = /^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/;
/** The one version that is wanted; undefined where npm would have to say which is meant. */
export const exactVersionOf = ({ wanted }: NpmPackage): string | undefined => (wanted !== null && EXACT.test(wanted) ? wanted : undefined);

/** What `npx -y name@1.2.3 …` starts; undefined where npm does not bring it, or it is called in a way that says more. */
export function npmPackageOf(address: McpAddress): NpmPackage | undefined {
  if (!('command' in address) || !/(^|\/)npx$/.test(address.command)) return undefined;
  const first = address.args.findIndex((arg) => !quiet.has(arg));
  const spec = address.args[first] ?? '';
  const at = spec.lastIndexOf('@');
  const [name, wanted] = at > 0 ? [spec.slice(0, at), spec.slice(at + 1)] : [spec, null];
  if (!NAME.test(name) || (wanted !== null && !WANTED.test(wanted))) return undefined;
  return { name, wanted, args: address.args.slice(first + 1) };
}
