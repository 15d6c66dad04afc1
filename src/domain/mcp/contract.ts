import { z } from 'zod';
import type { Decider } from '../decider.ts';
import { refuse } from '../decider.ts';
import { type EventOf, event, sealed } from '../event.ts';
import type { PersonId } from '../ids.ts';
import { ContractSnapshot } from '../mcp-contract/contract.ts';
import { toolTag } from './names.ts';
import { McpServerId } from './server.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** SHA-256, hex, of the RFC 8785 form of a definition as the server gave it. */
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Named = z.object({ name: z.string(), hash: Hash });
/** What the server itself says of a tool: may make us more careful, never less. */
export const ToolHints = z.object({ readOnly: z.boolean(), destructive: z.boolean(), idempotent: z.boolean() });
const ToolPin = Named.extend({ hints: ToolHints });
export type ToolPin = z.output<typeof ToolPin>;

/** Of one tool in the clear. What it is called stands in the snapshot. */
const TaggedPin = z.object({ tag: z.string(), hash: Hash, hints: ToolHints });

const contract = { contractId: z.string(), serverId: McpServerId };

/** A server offers something else than before. Written at a connect, when the hash is another one. */
export const McpContractObserved = event('McpContractObserved', 2, {
  ...contract,
  /** Of the registration that was connected to. */
  registration: z.int(),
  /** Over all that was seen. */
  contractHash: Hash,
  era: z.enum(['legacy', 'modern']),
  protocolVersion: z.string(),
  instructionsHash: Hash,
  pins: z.array(TaggedPin),
  ...sealed({ snapshot: ContractSnapshot }),
});
/** Somebody has looked at a changed definition, and takes it. */
export const McpToolApproved = event('McpToolApproved', 2, { ...contract, toolTag: z.string(), hash: Hash, ...sealed({ tool: z.string() }) });
/** All of what the server offers now is what is gone by from here on: the definitions of its tools are taken, and later ones are compared with it. */
export const McpContractTaken = event('McpContractTaken', 1, { ...contract, contractHash: Hash });

export const mcpContractEvents = [McpContractObserved, McpToolApproved, McpContractTaken] as const;
type McpContractEvent = EventOf<(typeof mcpContractEvents)[number]>;

export interface PinnedTool {
  /** The definition that was taken: at the first look, when it came later, or by somebody. */
  pinned: string;
  trust: 'first' | 'later' | 'approved';
  /** What the server says now; undefined: it has the tool no more. */
  current?: string;
  hints: z.output<typeof ToolHints>;
}

export interface McpContract {
  owner?: PersonId;
  serverId?: string;
  contractHash?: string;
  /** The one that is gone by: the first, or what was taken since. */
  takenHash?: string;
  /** The event that holds the newest snapshot, and that of the one that is gone by. */
  place?: { eventId: string; revision: bigint };
  takenPlace?: { eventId: string; revision: bigint };
  /** By the tag of its name. */
  readonly tools: Map<string, PinnedTool>;
}

export type McpContractCommand =
  | ({ name: 'observeMcpContract' } & z.output<typeof ObservedContract>)
  | { name: 'approveMcpTool'; contractId: string; serverId: string; tool: string; hash: string }
  | { name: 'takeMcpContract'; contractId: string; serverId: string; contractHash: string };

/** What a server was seen to offer, whoever it is. */
export const ContractOffer = z.object({
  contractHash: Hash,
  era: z.enum(['legacy', 'modern']),
  protocolVersion: z.string(),
  instructionsHash: Hash,
  tools: z.array(ToolPin),
  prompts: z.array(Named),
  templates: z.array(Named),
  snapshot: ContractSnapshot,
});
export type ContractOffer = z.output<typeof ContractOffer>;
export const ObservedContract = ContractOffer.extend({ ...contract, owner: z.string(), registration: z.int() });

/** One contract a server; one a person where each logs in at the server for itself. */
export const contractIdOf = ({ serverId, auth }: { serverId: string; auth: 'none' | 'oauth' }, person: string): string =>
  auth === 'oauth' ? `${serverId}_for_${person}` : serverId;
export const mcpContractStream = (contractId: string): string => `mcpcontract-${contractId}`;

/** Its definition is another one than was taken: it is not offered until somebody takes the new one. */
export const isQuarantined = ({ pinned, current }: Pick<PinnedTool, 'pinned' | 'current'>): boolean => current !== undefined && current !== pinned;

export const mcpContracts: Decider<McpContract, McpContractCommand, McpContractEvent> = {
  initialState: () => ({ tools: new Map() }),
  evolve: (state, event) => {
    if (event.type === 'McpToolApproved') {
      const tool = state.tools.get(event.data.toolTag);
      if (tool) Object.assign(tool, { pinned: event.data.hash, trust: 'approved' });
      return state;
    }
    if (event.type === 'McpContractTaken') {
      state.takenHash = event.data.contractHash;
      if (state.place) state.takenPlace = state.place;
      for (const tool of state.tools.values()) if (tool.current !== undefined) tool.pinned = tool.current;
      return state;
    }
    const { serverId, contractHash, pins } = event.data;
    state.takenHash ??= contractHash;
    state.takenPlace ??= { eventId: event.id, revision: event.revision };
    const first = state.contractHash === undefined;
    Object.assign(state, { owner: event.metadata.subject, serverId, contractHash, place: { eventId: event.id, revision: event.revision } });
    for (const tool of state.tools.values()) delete tool.current;
    for (const { tag, hash, hints } of pins) {
      const known = state.tools.get(tag);
      if (known) Object.assign(known, { current: hash, hints });
      else state.tools.set(tag, { pinned: hash, current: hash, trust: first ? 'first' : 'later', hints });
    }
    return state;
  },
  decide: (command, state, { tag }) => {
    switch (command.name) {
      case 'observeMcpContract': {
        const { name: _, owner: __, tools, prompts: ___, templates: ____, ...observed } = command;
        const pins = tools.map(({ name, hash, hints }) => ({ tag: toolTag(tag, command.serverId, name), hash, hints }));
        // The tags are others once the secret of the installation is.
        const isKnown = observed.contractHash === state.contractHash && pins.every((pin) => state.tools.has(pin.tag));
        return isKnown ? [] : [McpContractObserved({ ...observed, pins })];
      }
      case 'approveMcpTool': {
        const { contractId, serverId, tool: name, hash } = command;
        const tagged = toolTag(tag, serverId, name);
        const tool = state.tools.get(tagged);
        if (state.serverId !== serverId || tool?.current === undefined) return refuse('NotFound', 'This server has no such tool now.');
        if (tool.current !== hash)
          return refuse('ToolChanged', 'The tool has changed again since you looked at it: look again.', { hash: tool.current });
        if (tool.pinned === hash && tool.trust !== 'later') return [];
        return [McpToolApproved({ contractId, serverId, toolTag: tagged, hash, tool: name })];
      }
      case 'takeMcpContract': {
        const { contractId, serverId, contractHash } = command;
        if (state.serverId !== serverId) return refuse('NotFound', 'Nothing is known of what this server offers.');
        if (state.contractHash !== contractHash)
          return refuse('ContractChanged', 'The server offers something else again since you looked: look again.', {
            hash: state.contractHash ?? '',
          });
        const taken = state.takenHash === contractHash && ![...state.tools.values()].some(isQuarantined);
        return taken ? [] : [McpContractTaken({ contractId, serverId, contractHash })];
      }
      default:
        return command satisfies never;
    }
  },
};
