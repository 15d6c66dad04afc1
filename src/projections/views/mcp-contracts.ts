import type { JsonObject } from '../../domain/event.ts';
import { McpContractObserved, McpContractTaken, McpToolApproved } from '../../domain/mcp/contract.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

export interface ContractTool extends JsonObject {
  /** Of its name, which stands in the snapshot. */
  tag: string;
  pinned: string;
  /** Null: the server has it no more. */
  current: string | null;
  trust: 'first' | 'later' | 'approved';
  hints: { readOnly: boolean; destructive: boolean; idempotent: boolean };
}

/** What a server offers as it was seen last, and of each tool which definition was taken. */
export interface McpContractDoc extends JsonObject {
  owner: string;
  serverId: string;
  registration: number;
  contractHash: string;
  era: 'legacy' | 'modern';
  protocolVersion: string;
  observedAt: string;
  changes: number;
  tools: ContractTool[];
  snapshot: SealedJson;
  /** Of tools whose definition has changed: the snapshot in which the one that was taken stands. */
  taken: { tag: string; snapshot: SealedJson }[];
  /** What is gone by, whole: the first, or what was taken since. */
  baseline: { contractHash: string; protocolVersion: string; at: string; snapshot: SealedJson };
}

const types = [McpContractObserved, McpToolApproved, McpContractTaken] as const;

export const mcpContractList = view<McpContractDoc, (typeof types)[number]>({
  name: 'mcp-contracts',
  version: 3,
  types,
  indexes: [['serverId'], ['owner']],
  ownedBy: 'owner',
  keys: ({ data }) => [data.contractId],
  fold: (doc, event) => {
    if (event.type === 'McpToolApproved') {
      const { toolTag, hash } = event.data;
      if (!doc) return undefined;
      const tools = doc.tools.map((tool): ContractTool => (tool.tag === toolTag ? { ...tool, pinned: hash, trust: 'approved' } : tool));
      return { ...doc, tools, taken: doc.taken.filter(({ tag }) => tag !== toolTag) };
    }
    if (event.type === 'McpContractTaken') {
      if (!doc) return undefined;
      const { contractHash, protocolVersion, snapshot } = doc;
      const tools = doc.tools.map((tool): ContractTool => (tool.current === null ? tool : { ...tool, pinned: tool.current }));
      const taken = doc.taken.filter(({ tag }) => tools.some((tool) => tool.tag === tag && tool.current === null));
      return { ...doc, tools, taken, baseline: { contractHash, protocolVersion, at: event.metadata.time, snapshot } };
    }
    const { serverId, registration, contractHash, era, protocolVersion, pins, sealed } = event.data;
    const known = new Map(doc?.tools.map((tool) => [tool.tag, tool]));
    const now = new Map(pins.map((pin) => [pin.tag, pin]));
    const gone = [...known.values()].filter(({ tag }) => !now.has(tag)).map((tool): ContractTool => ({ ...tool, current: null }));
    const tools = pins.map(({ tag, hash, hints }): ContractTool => {
      const before = known.get(tag);
      if (before) return { ...before, current: hash, hints };
      return { tag, pinned: hash, current: hash, trust: doc ? 'later' : 'first', hints };
    });
    // Until now the server said what was taken, and from now on it says something else, or nothing.
    const changed = [...known.values()].filter(({ tag, pinned, current }) => current === pinned && now.get(tag)?.hash !== pinned);
    const taken = doc ? [...doc.taken, ...changed.map(({ tag }) => ({ tag, snapshot: doc.snapshot }))] : [];
    return {
      ...{ serverId, registration, contractHash, era, protocolVersion },
      owner: event.metadata.subject,
      observedAt: event.metadata.time,
      changes: (doc?.changes ?? -1) + 1,
      tools: [...tools, ...gone].toSorted((a, b) => (a.tag < b.tag ? -1 : 1)),
      snapshot: sealedJson(sealed),
      baseline: doc?.baseline ?? { contractHash, protocolVersion, at: event.metadata.time, snapshot: sealedJson(sealed) },
      taken: taken.filter(({ tag }) => !tools.some((tool) => tool.tag === tag && tool.current === tool.pinned)),
    };
  },
});
