/** Why npm did not do it. `Missing`: there is no npm on this machine. `Unsupported`: the package says that it does not run with this Node. */
export type NpmErrorCode = 'Missing' | 'Unreachable' | 'NotFound' | 'Integrity' | 'Unsupported' | 'NoProgram' | 'Failed';
export interface NpmError {
  readonly code: NpmErrorCode;
  /** One line that is safe to show. */
  readonly message: string;
}
export type NpmResult<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: NpmError };

export interface NpmVersions {
  /** The newest first. */
  readonly versions: readonly string[];
  /** Which of them is meant by what was wanted. */
  readonly wanted: string;
}

/** A package at one version, with all that it needs as the lock says. */
export interface NpmLocked {
  readonly name: string;
  readonly version: string;
  /** The text of a `package-lock.json`: each package that is needed, with its integrity. */
  readonly lock: string;
  /** SHA-256 of it, hex. */
  readonly lockHash: string;
}

/** Packages of the registry that npm is configured for, each version in a folder of its own. No script of any package is ever run by it. */
export interface NpmPackages {
  /** `wanted`: a version, a range or a tag; null: what npm calls the latest. */
  versions(name: string, wanted: string | null, signal: AbortSignal): Promise<NpmResult<NpmVersions>>;
  /** What the registry says that one version of it is, without installing anything. */
  integrity(name: string, version: string, signal: AbortSignal): Promise<NpmResult<string>>;
  /** Installs it apart as it comes today, and says what that is. `integrity` is npm's of the package itself. */
  resolve(name: string, version: string, signal: AbortSignal): Promise<NpmResult<NpmLocked & { readonly integrity: string }>>;
  /** The file that starts it; installed just as the lock says, where it does not lie here already: `onInstall` then says that this takes a while. */
  entry(locked: NpmLocked, signal: AbortSignal, onInstall?: () => void): Promise<NpmResult<string>>;
  /** Which packages of it want to run a script when they are installed, and may not do without. */
  scriptsOf(locked: NpmLocked): readonly string[];
  /** Takes away what is not among these and has not been touched for a day. */
  prune(kept: readonly Pick<NpmLocked, 'name' | 'version' | 'lockHash'>[]): Promise<void>;
}

/** Where nothing is to be installed. */
const none = async () => ({ ok: false, error: { code: 'Missing', message: 'Packages are not looked for here.' } }) as const;
export const noNpm: NpmPackages = { versions: none, integrity: none, resolve: none, entry: none, scriptsOf: () => [], prune: async () => undefined };
