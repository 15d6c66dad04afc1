import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';
import { shelfStream } from './prompt/index.ts';
import { decideShare, decideUnshare, type Shares, shareFields, unshareFields } from './share.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/**
 * Kinds of things that are shared apart from their own streams, which are `<kind>-<id>`; prompts have none, but stand on their owner's shelf. Conversations
 * and files say it themselves.
 */
export const SharedKind = z.enum(['collection', 'prompt', 'assistant', 'mcp-server', 'memory']);
export type SharedKind = z.infer<typeof SharedKind>;
export const ResourceId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be the id of a thing');

const of = { kind: SharedKind, resource: ResourceId };
export const ResourceShared = event('ResourceShared', 1, { ...of, ...shareFields });
export const ResourceUnshared = event('ResourceUnshared', 1, { ...of, ...unshareFields });
export const resourceShareEvents = [ResourceShared, ResourceUnshared] as const;

/** Where it stands whose a thing is; a prompt is looked for on no shelf but the asker's own. */
export const possessionStream = (kind: SharedKind, resource: string, asker: string): string =>
  kind === 'prompt' ? shelfStream(asker) : `${kind}-${resource}`;

export const shareStream = (resource: string): string => `share-${resource}`;

export type ResourceShareCommand =
  | { name: 'shareResource'; kind: SharedKind; resource: string; with: string; level: 'view' | 'edit' | 'manage' }
  | { name: 'unshareResource'; kind: SharedKind; resource: string; with: string };

export const resourceShares: Decider<{ shares: Shares }, ResourceShareCommand, EventOf<(typeof resourceShareEvents)[number]>> = {
  initialState: () => ({ shares: new Map() }),
  evolve: (state, { type, data }) => {
    if (type === 'ResourceShared') state.shares.set(data.with, data.level);
    else state.shares.delete(data.with);
    return state;
  },
  decide: (command, state) => {
    const { kind, resource, with: grantee } = command;
    const of = { kind, resource, with: grantee as never };
    if (command.name === 'shareResource' && kind === 'prompt' && command.level !== 'view')
      return refuse('ViewOnly', 'A prompt is shared to be used, and changed by its owner alone: share it with the level "view".');
    if (command.name === 'shareResource') return decideShare(state, command, () => ResourceShared({ ...of, level: command.level }));
    return decideUnshare(state, command, () => ResourceUnshared(of));
  },
};

/** Whose a thing is. */
export interface Possession {
  owner?: string;
  /** Of a shelf of prompts: those that stand there. */
  readonly prompts: Set<string>;
}

/** By its own stream: the subject of its first event. Nobody's once it has been deleted. */
export const possessions: Decider<Possession, never> = {
  initialState: () => ({ prompts: new Set() }),
  evolve: (state, { type, data, metadata, revision }) => {
    if (revision === 0n) state.owner = metadata.subject;
    const { promptId } = data as { promptId?: string };
    if (type === 'PromptCreated' && promptId !== undefined) state.prompts.add(promptId);
    else if (type === 'PromptDeleted' && promptId !== undefined) state.prompts.delete(promptId);
    else if (/(?:Deleted|Removed)$/.test(type)) delete state.owner;
    return state;
  },
  decide: () => [],
};
