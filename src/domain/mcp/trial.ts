/** What was counted of one release at one connection since it began to run there. */
export interface Trial {
  readonly calls: number;
  /** Calls that failed, whether the connection or the tool said so. */
  readonly errors: number;
  /** Connections that ended by themselves. */
  readonly crashes: number;
  /** Connects in a row that failed. */
  readonly failures: number;
}

export const noTrial: Trial = { calls: 0, errors: 0, crashes: 0, failures: 0 };

const CRASHES = 3;
const FAILURES = 3;
const CALLS = 6;

/** Why a release that was just taken is given up again: it cannot be reached, ends again and again, or two of three calls fail. Undefined: it holds. */
export function whyNotHolding(trials: readonly Trial[]): 'unreachable' | 'crashes' | 'errors' | undefined {
  const sum = (field: keyof Trial): number => trials.reduce((total, trial) => total + trial[field], 0);
  if (trials.some(({ failures }) => failures >= FAILURES)) return 'unreachable';
  if (sum('crashes') >= CRASHES) return 'crashes';
  const calls = sum('calls');
  return calls >= CALLS && sum('errors') * 3 >= calls * 2 ? 'errors' : undefined;
}
