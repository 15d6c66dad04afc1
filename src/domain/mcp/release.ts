import type { z } from 'zod';
import { type Decider, refuse } from '../decider.ts';
import type { EventOf } from '../event.ts';
import type { PersonId } from '../ids.ts';
import { heldToCatalogue } from './catalogue-origin.ts';
import type { ContractOffer } from './contract.ts';
import * as events from './release-events.ts';
import { isOrganisationServer } from './server.ts';

type Place = { readonly eventId: string; readonly revision: bigint };
type ReleaseEvent = EventOf<(typeof events.mcpReleaseEvents)[number]>;
type DataOf<Definition> = EventOf<Definition> extends { data: infer Data } ? Data : never;

/** One version that lies apart. */
export interface InstalledRelease {
  readonly package: string;
  readonly version: string;
  readonly integrity: string;
  readonly lockHash: string;
  readonly place: Place;
}

export interface McpUpdate {
  readonly updateId: string;
  readonly package: string;
  readonly from: string;
  readonly to: string;
  readonly swap: 'compatible' | 'asked';
  status: 'preparing' | 'waiting' | 'approved' | 'watched' | 'kept' | 'dismissed' | 'failed' | 'rolledBack';
  compared?: { readonly class: string; readonly conflicts: number; readonly settled: boolean; readonly afterHash: string; readonly place: Place };
  tried?: { readonly calls: number; readonly failed: number };
  renames: Readonly<Record<string, string>>;
}

/** Which release of a server runs, which are there, and what is going on with the next. */
export interface McpReleases {
  owner?: PersonId;
  package?: string;
  registered?: string;
  versions: readonly string[];
  /** By version. */
  readonly installed: Map<string, InstalledRelease>;
  /** Started instead of what the registration names, as long as that says the same. */
  running?: { readonly package: string; readonly wanted: string | null; readonly version: string };
  /** What an undo goes back to. */
  previous?: { readonly updateId: string; readonly version: string };
  /** The newest, over or not. */
  update?: McpUpdate;
  /** Tools that updates which run have given other names, the oldest first. */
  renamed: readonly { readonly updateId: string; readonly names: Readonly<Record<string, string>> }[];
  /** Versions that did not hold or were not taken: not tried again unasked. */
  readonly passedOver: Set<string>;
}

export const isOpen = ({ status }: McpUpdate): boolean => ['preparing', 'waiting', 'approved', 'watched'].includes(status);
export const mcpReleaseStream = (serverId: string): string => `mcpreleases-${serverId}`;

/** Why an update is not made without anybody looking at it; empty: it is compatible in every respect. */
export function whyHeld({ compared, tried }: Pick<McpUpdate, 'compared' | 'tried'>): string[] {
  if (!compared || !tried) return ['NotTried'];
  return [
    ...(compared.class === 'compatible' ? [] : [compared.class.replace(/^./, (first) => first.toUpperCase())]),
    ...(compared.conflicts > 0 ? ['Conflicts'] : []),
    ...(compared.settled ? [] : ['Withheld']),
    ...(tried.failed > 0 ? ['CallsFail'] : []),
  ];
}

type Of<Name, Definition> = { name: Name } & DataOf<Definition>;
type Plain<Name, Definition> = Omit<Of<Name, Definition>, 'sealed'>;
export type McpReleaseCommand =
  | Of<'noteMcpReleases', typeof events.McpReleasesFound>
  | Of<'noteMcpReleasesUnknown', typeof events.McpReleasesUnknown>
  | { name: 'requestMcpUpdate'; serverId: string; version: string; swap: 'compatible' | 'asked' }
  | (Plain<'recordMcpInstall', typeof events.McpReleaseInstalled> & { lock: string })
  | (Plain<'recordMcpComparison', typeof events.McpUpdateCompared> & ComparedOffers)
  | Of<'recordMcpTrial', typeof events.McpUpdateTried>
  | { name: 'decideMcpUpdate'; serverId: string; updateId: string; wanted: string | null }
  | { name: 'approveMcpUpdate'; serverId: string; updateId: string; contractHash: string; renames: Record<string, string> }
  | { name: 'dismissMcpUpdate'; serverId: string; updateId: string }
  | { name: 'endMcpUpdate'; serverId: string; updateId: string; outcome: 'kept' | 'failed'; code?: string | undefined; reason?: string | undefined }
  | { name: 'rollBackMcpRelease'; serverId: string }
  | { name: 'undoMcpUpdate'; serverId: string; updateId: string; why: 'crashes' | 'errors' | 'unreachable' };
interface ComparedOffers {
  before: z.output<typeof ContractOffer>;
  baseline: z.output<typeof ContractOffer>;
  after: z.output<typeof ContractOffer>;
  conflictTexts: string[];
}

export const mcpReleases: Decider<McpReleases, McpReleaseCommand, ReleaseEvent> = {
  initialState: () => ({ versions: [], installed: new Map(), passedOver: new Set(), renamed: [] }),
  evolve: (state, event) => {
    const { type, data, id: eventId, revision, metadata } = event;
    const { update } = state;
    state.owner = metadata.subject;
    switch (type) {
      case 'McpReleasesFound':
        return Object.assign(state, { package: data.package, registered: data.registered, versions: data.versions });
      case 'McpReleasesUnknown':
        return state;
      case 'McpUpdateRequested': {
        const { updateId, package: name, from, to, swap } = data;
        state.update = { updateId, package: name, from, to, swap, status: 'preparing', renames: {} };
        return state;
      }
      case 'McpReleaseInstalled':
        state.installed.set(data.version, { ...data, place: { eventId, revision } });
        return state;
      case 'McpUpdateCompared': {
        const { class: kind, conflicts, settled, afterHash } = data;
        if (update) update.compared = { class: kind, conflicts, settled, afterHash, place: { eventId, revision } };
        return state;
      }
      case 'McpUpdateTried':
        if (update) update.tried = { calls: data.calls, failed: data.failed };
        return state;
      case 'McpUpdateHeld':
        if (update) update.status = 'waiting';
        return state;
      case 'McpUpdateApproved':
        if (update) Object.assign(update, { status: 'approved', renames: data.renames });
        return state;
      case 'McpReleaseSwapped': {
        const { package: name, wanted, from, to, updateId } = data;
        if (update) {
          update.status = 'watched';
          state.renamed = [...state.renamed, { updateId, names: update.renames }];
        }
        return Object.assign(state, { running: { package: name, wanted, version: to }, previous: { updateId, version: from } });
      }
      case 'McpUpdateEnded':
        if (update) update.status = data.outcome;
        if (update && data.outcome !== 'kept') state.passedOver.add(update.to);
        return state;
      case 'McpReleaseRolledBack':
        if (update?.updateId === data.updateId) update.status = 'rolledBack';
        if (state.running) state.running = { ...state.running, version: data.to };
        state.passedOver.add(data.from);
        state.renamed = state.renamed.filter(({ updateId }) => updateId !== data.updateId);
        delete state.previous;
        return state;
      default:
        event satisfies never;
        return state;
    }
  },
  decide: (command, state, context) => {
    switch (command.name) {
      case 'noteMcpReleases': {
        const { name: _, ...found } = command;
        const same = state.package === found.package && state.registered === found.registered && `${state.versions}` === `${found.versions}`;
        return same ? [] : [events.McpReleasesFound(found)];
      }
      case 'noteMcpReleasesUnknown':
        return [events.McpReleasesUnknown({ serverId: command.serverId, code: command.code })];
      case 'recordMcpInstall': {
        const { name: _, ...installed } = command;
        return state.installed.get(installed.version)?.package === installed.package ? [] : [events.McpReleaseInstalled(installed)];
      }
      case 'requestMcpUpdate':
        return requested(command, state, context.newId);
      case 'rollBackMcpRelease': {
        const { previous, running } = state;
        if (isPreparing(state)) return refuse('UpdateOpen', 'An update is going on: end it first.');
        if (!previous || !running) return refuse('NothingToUndo', 'There is no update that could be undone.');
        const { serverId } = command;
        return [events.McpReleaseRolledBack({ serverId, updateId: previous.updateId, from: running.version, to: previous.version, why: 'asked' })];
      }
      default:
        return ofUpdate(command, state);
    }
  },
};

/** Whether one is going on that has not come to run yet. */
const isPreparing = ({ update }: McpReleases): boolean => update !== undefined && isOpen(update) && update.status !== 'watched';

function requested(
  { serverId, version: to, swap }: Extract<McpReleaseCommand, { name: 'requestMcpUpdate' }>,
  state: McpReleases,
  newId: (prefix: string) => string,
) {
  const { package: name, registered, versions, running, update } = state;
  if (!isOrganisationServer(serverId)) return heldToCatalogue;
  if (name === undefined || registered === undefined)
    return refuse('ReleasesUnknown', 'Nothing is known of versions of this server yet: look them up first.');
  if (update && isOpen(update))
    return refuse('UpdateOpen', `An update to ${update.to} is going on: end it first.`, { updateId: update.updateId, to: update.to });
  if (!versions.includes(to)) return refuse('NotFound', `There is no version ${to} of ${name}.`);
  const from = running?.package === name ? running.version : registered;
  if (from === to) return refuse('SameVersion', `${to} is what runs already.`);
  return [events.McpUpdateRequested({ serverId, updateId: newId('update_'), package: name, from, to, swap })];
}

type UpdateCommand = Extract<McpReleaseCommand, { updateId: string }>;

/** What is said of the update that is going on; said again, it changes nothing, so that a worker may begin each step anew. */
function ofUpdate(command: UpdateCommand, { update, running }: McpReleases) {
  const { serverId, updateId } = command;
  if (!update || update.updateId !== updateId || !isOpen(update)) return refuse('Superseded', 'This update is over.');
  const { status, compared, tried } = update;
  switch (command.name) {
    case 'recordMcpComparison': {
      const { name: _, ...said } = command;
      return compared ? [] : [events.McpUpdateCompared(said)];
    }
    case 'recordMcpTrial': {
      const { name: _, ...said } = command;
      return tried ? [] : [events.McpUpdateTried(said)];
    }
    case 'decideMcpUpdate': {
      if (status === 'waiting' || status === 'watched') return [];
      const why = whyHeld(update);
      const { package: name, from, to, swap } = update;
      if (!compared || !tried) return refuse('NotTried', 'It has not been tried yet.');
      const now = status === 'approved' || (swap === 'compatible' && why.length === 0);
      if (now) return [events.McpReleaseSwapped({ serverId, updateId, package: name, wanted: command.wanted, from, to })];
      return [events.McpUpdateHeld({ serverId, updateId, why: why.length === 0 ? ['Asked'] : why })];
    }
    case 'approveMcpUpdate': {
      if (status === 'approved' || status === 'watched') return [];
      if (status !== 'waiting' || !compared) return refuse('NotWaiting', 'It is still being prepared.');
      if (compared.afterHash !== command.contractHash) return refuse('ContractChanged', 'It offers something else than you looked at: look again.');
      return [events.McpUpdateApproved({ serverId, updateId, renames: command.renames })];
    }
    case 'dismissMcpUpdate':
      if (status === 'watched') return refuse('AlreadySwapped', 'It runs already: undo it instead.');
      return [events.McpUpdateEnded({ serverId, updateId, outcome: 'dismissed' })];
    case 'endMcpUpdate': {
      const { outcome, code, reason } = command;
      if ((outcome === 'kept') !== (status === 'watched')) return [];
      return [
        events.McpUpdateEnded({ serverId, updateId, outcome, ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) }),
      ];
    }
    case 'undoMcpUpdate':
      if (status !== 'watched' || !running) return [];
      return [events.McpReleaseRolledBack({ serverId, updateId, from: running.version, to: update.from, why: command.why })];
    default:
      return command satisfies never;
  }
}
