import type { EventOf, JsonObject } from '../../domain/event.ts';
import { type mcpReleaseEvents, mcpReleaseEvents as types } from '../../domain/mcp/release-events.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

export interface UpdateDoc extends JsonObject {
  updateId: string;
  package: string;
  from: string;
  to: string;
  swap: 'compatible' | 'asked';
  status: 'preparing' | 'waiting' | 'approved' | 'watched' | 'kept' | 'dismissed' | 'failed' | 'rolledBack';
  requestedAt: string;
  /** Why it waits, failed or was given up. */
  why: string[];
  reason: SealedJson | null;
  class: 'breaking' | 'unknown' | 'security' | 'compatible' | null;
  changes: number | null;
  calls: { made: number; failed: number } | null;
  afterHash: string | null;
  /** What both offer, while somebody may have to look at it. */
  offers: SealedJson | null;
  renames: Record<string, string>;
}

/** Which release of a server runs, and what is going on with the next. */
export interface McpReleaseDoc extends JsonObject {
  owner: string;
  package: string | null;
  registered: string | null;
  versions: string[];
  lookedUpAt: string | null;
  /** Why the versions could not be found out, the last time. */
  problem: string | null;
  /** Put in place of what the registration names. */
  running: string | null;
  previous: string | null;
  update: UpdateDoc | null;
  /** Tools that updates which run have given other names, the oldest first. */
  renamed: { updateId: string; names: Record<string, string> }[];
  /** The newest first. */
  history: { at: string; what: string; from: string | null; to: string | null; code: string | null }[];
}

type ReleaseEvent = EventOf<(typeof mcpReleaseEvents)[number]>;
const MOST_HISTORY = 30;
const absent = (owner: string): McpReleaseDoc => ({
  owner,
  ...{ package: null, registered: null, versions: [], lookedUpAt: null, problem: null },
  ...{ running: null, previous: null, update: null, renamed: [], history: [] },
});

export const mcpReleaseList = view<McpReleaseDoc, (typeof types)[number]>({
  name: 'mcp-releases',
  version: 2,
  types,
  indexes: [['owner']],
  ownedBy: 'owner',
  keys: ({ data }) => [data.serverId],
  fold: (doc, event) => {
    const before: McpReleaseDoc = doc ?? absent(event.metadata.subject);
    return { ...before, ...changed(before, event), history: history(before, event) };
  },
});

function changed(doc: McpReleaseDoc, { type, data, metadata: { time } }: ReleaseEvent): Partial<McpReleaseDoc> {
  const update = (fields: Partial<UpdateDoc>): Partial<McpReleaseDoc> =>
    doc.update && 'updateId' in data && doc.update.updateId === data.updateId ? { update: { ...doc.update, ...(fields as UpdateDoc) } } : {};
  switch (type) {
    case 'McpReleasesFound':
      return { package: data.package, registered: data.registered, versions: data.versions, lookedUpAt: time, problem: null };
    case 'McpReleasesUnknown':
      return { lookedUpAt: time, problem: data.code };
    case 'McpReleaseInstalled':
      return {};
    case 'McpUpdateRequested': {
      const { updateId, package: name, from, to, swap } = data;
      const open = { why: [], reason: null, class: null, changes: null, calls: null, afterHash: null, offers: null, renames: {} };
      return { update: { updateId, package: name, from, to, swap, status: 'preparing', requestedAt: time, ...open } };
    }
    case 'McpUpdateCompared':
      return update({ class: data.class, changes: data.changes, afterHash: data.afterHash, offers: sealedJson(data.sealed) });
    case 'McpUpdateTried':
      return update({ calls: { made: data.calls, failed: data.failed } });
    case 'McpUpdateHeld':
      return update({ status: 'waiting', why: data.why });
    case 'McpUpdateApproved':
      return update({ status: 'approved', renames: data.renames });
    case 'McpReleaseSwapped':
      return {
        ...update({ status: 'watched', why: [] }),
        ...{ running: data.to, previous: data.from },
        renamed: [...doc.renamed, { updateId: data.updateId, names: doc.update?.updateId === data.updateId ? doc.update.renames : {} }],
      };
    case 'McpUpdateEnded':
      return update({ status: data.outcome, why: data.code === undefined ? [] : [data.code], reason: sealedJson(data.sealed) });
    case 'McpReleaseRolledBack':
      return {
        ...update({ status: 'rolledBack', why: [data.why] }),
        ...{ running: data.to, previous: null },
        renamed: doc.renamed.filter(({ updateId }) => updateId !== data.updateId),
      };
  }
}

const names: Readonly<Partial<Record<ReleaseEvent['type'], string>>> = {
  McpUpdateRequested: 'requested',
  McpReleaseInstalled: 'installed',
  McpUpdateCompared: 'compared',
  McpUpdateTried: 'tried',
  McpUpdateHeld: 'waiting',
  McpUpdateApproved: 'approved',
  McpReleaseSwapped: 'swapped',
  McpReleaseRolledBack: 'rolledBack',
};

function history({ history: known }: McpReleaseDoc, { type, data, metadata: { time: at } }: ReleaseEvent): McpReleaseDoc['history'] {
  const what = type === 'McpUpdateEnded' ? data.outcome : names[type];
  if (what === undefined) return known;
  const [from, to] = ['from' in data ? data.from : null, 'to' in data ? data.to : 'version' in data ? data.version : null];
  const code =
    type === 'McpUpdateCompared' ? data.class : type === 'McpUpdateEnded' ? (data.code ?? null) : type === 'McpReleaseRolledBack' ? data.why : null;
  return [{ at, what, from, to, code }, ...known].slice(0, MOST_HISTORY);
}
