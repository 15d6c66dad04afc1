import type { McpConnection, McpPrior, McpResult } from '../../adapters/mcp/port.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import type { McpState, McpStatus } from '../../domain/mcp/status.ts';
import { noTrial, type Trial } from '../../domain/mcp/trial.ts';

/** One connection of one person to one registration of a server: its life, and what was counted of it. */
export interface Slot {
  readonly key: string;
  readonly server: NamedServer;
  readonly person: PersonId;
  state: McpState;
  since: number;
  reason?: string;
  /** Failed connects in a row. */
  failures: number;
  /** When the next connect may be tried, by the monotonic clock. */
  nextTry: number;
  connecting?: Promise<McpResult<McpConnection>>;
  connection?: McpConnection;
  listing?: Promise<unknown>;
  /** The login that its tokens come from, where each person has one. */
  login?: string;
  usedAt: number;
  active: number;
  calls: number;
  errors: number;
  spentMs: number;
  lastMs?: number;
  connectMs?: number;
  reconnects: number;
  tools?: number;
  /** From here on the log has what the server offers. */
  position?: string;
  broken?: readonly { readonly name: string; readonly reason: string }[];
  /** Outcomes of the last calls, the newest last. */
  recent: boolean[];
  refreshed: string[];
  /** The release that runs there, where it lies apart, and how it does. */
  release?: string | undefined;
  /** Why it does not lie apart, although its registration names a version. */
  notApart?: string | undefined;
  trial: Trial;
  /** Another release is to run: a connect that is under way is to the old one. */
  stale: boolean;
}

export const slotKey = ({ serverId, version }: NamedServer, person: PersonId): string => `${person} ${serverId} ${version}`;

/** What a server says to one person it need not say to another where each logs in. */
export const priorKey = ({ server, key }: Slot): string => (server.auth === 'oauth' ? key : `${server.serverId} ${server.version}`);

export const newSlot = (server: NamedServer, person: PersonId, now: number): Slot => ({
  key: slotKey(server, person),
  server,
  person,
  state: 'registered',
  since: now,
  failures: 0,
  nextTry: 0,
  usedAt: now,
  active: 0,
  calls: 0,
  errors: 0,
  spentMs: 0,
  reconnects: 0,
  recent: [],
  refreshed: [],
  trial: noTrial,
  stale: false,
});

/** Counts one more of what happens to a release. */
export const noteTrial = (slot: Slot, { calls = 0, errors = 0, crashes = 0 }: Partial<Trial>, failures = slot.trial.failures): void => {
  const { trial } = slot;
  slot.trial = { calls: trial.calls + calls, errors: trial.errors + errors, crashes: trial.crashes + crashes, failures };
};

const FIRST_MS = 1000;
const LONGEST_MS = 300_000;
/** From then on it is called failed, although it is still tried now and then. */
const MANY = 5;

/** How long to wait after that many failures in a row: doubled each time, within half of it by chance, so that many do not come back at once. */
export const backoffMs = (failures: number, chance: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) * (0.5 + chance / 2);
export const stateAfter = (failures: number): McpState => (failures >= MANY ? 'failed' : 'backoff');

export const whyWaiting = ({ nextTry, reason = '' }: Slot, now: number): string =>
  `The tool server could not be reached and is tried again in ${Math.ceil((nextTry - now) / 1000)} s. ${reason}`.trim();

const RECENT = 10;
const BAD = 5;
export const noteCall = (slot: Slot, ms: number, ok: boolean): void => {
  slot.calls += 1;
  slot.errors += ok ? 0 : 1;
  slot.spentMs += ms;
  slot.lastMs = ms;
  slot.recent = [...slot.recent.slice(1 - RECENT), ok];
};
/** Why a connection that is there is not as it should be. */
export function whyDegraded({ recent, broken = [] }: Pick<Slot, 'recent' | 'broken'>): string | undefined {
  const bad = recent.filter((ok) => !ok).length;
  if (bad >= BAD) return `${bad} of the last ${recent.length} calls failed.`;
  const [first] = broken;
  return first && `${broken.length} of its tools cannot be offered, for example ${first.name}: ${first.reason}`;
}

/** For whoever looks at it from elsewhere. Times of the wall clock are made of the monotonic ones at this moment. */
export function statusOf(slot: Slot, prior: McpPrior | undefined, now: number, time: Date): McpStatus {
  const iso = (at: number): string => new Date(time.getTime() + at - now).toISOString();
  const { facts } = slot.connection ?? {};
  const memoryBytes = slot.connection?.memory();
  const era = facts?.era ?? prior?.era;
  return {
    serverId: slot.server.serverId,
    person: slot.person,
    state: slot.state,
    since: iso(slot.since),
    ...(slot.reason === undefined ? {} : { reason: slot.reason }),
    ...(slot.state === 'backoff' || slot.state === 'failed' ? { nextTry: iso(slot.nextTry) } : {}),
    ...(era === undefined ? {} : { era }),
    ...(facts ? { protocolVersion: facts.protocolVersion, serverName: facts.serverName, serverVersion: facts.serverVersion } : {}),
    ...(slot.tools === undefined ? {} : { tools: slot.tools }),
    ...(slot.position === undefined ? {} : { position: slot.position }),
    ...(slot.broken?.length ? { broken: slot.broken } : {}),
    ...(slot.connectMs === undefined ? {} : { connectMs: slot.connectMs }),
    calls: slot.calls,
    errors: slot.errors,
    ...(slot.calls > 0 ? { meanMs: Math.round(slot.spentMs / slot.calls) } : {}),
    ...(slot.lastMs === undefined ? {} : { lastMs: slot.lastMs }),
    reconnects: slot.reconnects,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    active: slot.active,
    refreshed: slot.refreshed,
    ...(slot.release === undefined ? {} : { release: slot.release, trial: slot.trial }),
    ...(slot.notApart === undefined ? {} : { notApart: slot.notApart }),
  };
}
