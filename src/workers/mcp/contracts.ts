import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { LRUCache } from 'lru-cache';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { McpFacts, McpLists } from '../../adapters/mcp/port.ts';
import type { Tell } from '../../commands/command.ts';
import { observeMcpContract } from '../../commands/mcp.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { isUnopened, type Json, type JsonObject, type Sealed } from '../../domain/event.ts';
import type { PersonId } from '../../domain/ids.ts';
import { ContractOffer, contractIdOf, type McpContract, mcpContractStream } from '../../domain/mcp/contract.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import { ContractSnapshot } from '../../domain/mcp-contract/contract.ts';

/** SHA-256, hex, over the RFC 8785 form. */
export const contractHash = (value: Json): string =>
  createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');

const PINNED = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations', '_meta'] as const;
const PROMPT = ['name', 'title', 'description', 'arguments', '_meta'] as const;
const TEMPLATE = ['name', 'title', 'description', 'uriTemplate', 'mimeType', '_meta'] as const;
/** Of an entry, what a model or a person goes by. */
const picked = (entry: JsonObject, fields: readonly string[]): JsonObject =>
  Object.fromEntries(fields.flatMap((field) => (entry[field] === undefined ? [] : [[field, entry[field]]])));
const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
const hashed = (entries: readonly JsonObject[], fields: readonly string[]) =>
  entries.map((entry) => ({ name: String(entry.name), hash: contractHash(picked(entry, fields)) })).toSorted(byName);

const isTrue = (annotations: Json | undefined, name: string): boolean =>
  typeof annotations === 'object' && annotations !== null && !Array.isArray(annotations) && annotations[name] === true;
const hintsOf = ({ annotations }: JsonObject) => ({
  readOnly: isTrue(annotations, 'readOnlyHint'),
  destructive: isTrue(annotations, 'destructiveHint'),
  idempotent: isTrue(annotations, 'idempotentHint') || isTrue(annotations, 'readOnlyHint'),
});

export interface Contracts {
  /** Writes down what the server offers, if that is something else than before; answers from which position on it is to be seen. */
  observe(server: NamedServer, person: PersonId, facts: McpFacts, lists: McpLists): Promise<string>;
  /** What was seen at that place of a contract's stream; undefined where it cannot be opened any more. */
  offerAt(contractId: string, place: McpContract['place']): Promise<ContractOffer | undefined>;
  /** The definitions of the newest snapshot, by name; empty where there is none. */
  definitionsOf(contract: McpContract, contractId: string): Promise<ReadonlyMap<string, JsonObject>>;
}

/** By name, with the hash of each. */
const listsOf = ({ tools, prompts, templates }: Record<'tools' | 'prompts' | 'templates', readonly JsonObject[]>) => ({
  tools: tools.map((tool) => ({ name: String(tool.name), hash: contractHash(picked(tool, PINNED)), hints: hintsOf(tool) })).toSorted(byName),
  prompts: hashed(prompts, PROMPT),
  templates: hashed(templates, TEMPLATE),
});

/** What a server offers, as it is written down. */
export function offerOf(facts: McpFacts, lists: McpLists): ContractOffer {
  const { era, protocolVersion, serverName, serverVersion, instructions, capabilities } = facts;
  const observed = {
    era,
    protocolVersion,
    instructionsHash: contractHash(instructions),
    ...listsOf(lists),
  };
  const { tools, prompts, templates } = lists;
  const broken = [...lists.broken];
  return {
    ...observed,
    contractHash: contractHash({ ...observed, serverName, serverVersion, capabilities, broken } as Json),
    snapshot: { serverName, serverVersion, instructions, capabilities, tools: [...tools], prompts: [...prompts], templates: [...templates], broken },
  };
}

export function createContracts({ tell, store, sealer }: { tell: Tell; store: EventStore; sealer: Sealer }): Contracts {
  const kept = new LRUCache<string, ReadonlyMap<string, JsonObject>>({ max: 500, ttl: 5000 });
  return {
    async observe(server, person, facts, lists) {
      const owner = server.auth === 'oauth' ? person : server.owner;
      const { serverId, version: registration } = server;
      const contractId = contractIdOf(server, person);
      const told = await tell(annals(owner), observeMcpContract({ ...offerOf(facts, lists), contractId, serverId, owner, registration }));
      if (!told.ok) throw new Error(`${told.error.code}: ${told.error.message}`);
      return told.position;
    },
    async offerAt(contractId, place) {
      if (!place) return undefined;
      for await (const { id, data } of store.read(mcpContractStream(contractId), { from: place.revision, max: 1 })) {
        const opened = await sealer.open(data.sealed as unknown as Sealed, id);
        if (id !== place.eventId || isUnopened(opened)) return undefined;
        const snapshot = ContractSnapshot.parse((opened as { snapshot: Json }).snapshot);
        return ContractOffer.parse({ ...data, ...listsOf(snapshot), snapshot });
      }
      return undefined;
    },
    async definitionsOf({ place }, contractId) {
      if (!place) return new Map();
      const known = kept.get(place.eventId);
      if (known) return known;
      for await (const { id, data } of store.read(mcpContractStream(contractId), { from: place.revision, max: 1 })) {
        const opened = await sealer.open(data.sealed as unknown as Sealed, id);
        if (id !== place.eventId || isUnopened(opened)) return new Map();
        const { tools } = ContractSnapshot.parse((opened as { snapshot: Json }).snapshot);
        const definitions = new Map(tools.map((tool) => [String(tool.name), tool as JsonObject]));
        kept.set(place.eventId, definitions);
        return definitions;
      }
      return new Map();
    },
  };
}
