import type { JsonObject } from '../../domain/event.ts';
import {
  McpRequirementsSet,
  McpServerChanged,
  McpServerPolicySet,
  McpServerRegistered,
  McpServerRemoved,
  McpServerShared,
  McpServerSwitched,
  McpUpdatesSet,
} from '../../domain/mcp/server.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** One server of tools. Its short name, address and title stay sealed; what is secret is in them only as a ciphertext. */
export interface McpServerDoc extends JsonObject {
  owner: string;
  number: number;
  /** Only of an event of version 1: it stands in the sealed part. */
  plainSlug: string | null;
  transport: 'stdio' | 'http' | 'sse' | 'auto';
  audience: 'everybody' | string[];
  enabled: boolean;
  auth: 'none' | 'oauth';
  timeoutMs: number | null;
  version: number;
  /** By the tag of the tool, `''` for all of them; what it is called stands sealed, or, of version 1, in the clear. */
  policies: { tag: string; tool: SealedJson | string; policy: 'deny' | 'ask' | 'allow' }[];
  personal: SealedJson;
  updates: 'manual' | 'compatible';
  /** What it says it needs of others. */
  requirements: SealedJson | null;
  createdAt: string;
  changedAt: string;
}

const types = [
  McpServerRegistered,
  McpServerChanged,
  McpServerSwitched,
  McpServerShared,
  McpServerRemoved,
  McpServerPolicySet,
  McpRequirementsSet,
  McpUpdatesSet,
] as const;

export const mcpServers = view<McpServerDoc, (typeof types)[number]>({
  name: 'mcp-servers',
  version: 3,
  types,
  indexes: [['owner', 'number']],
  keys: ({ data }) => [data.serverId],
  fold: (doc, event) => {
    const { time, subject } = event.metadata;
    if (event.type === 'McpServerRegistered') {
      const { number, plainSlug = null, transport, audience, enabled, auth, timeoutMs, sealed } = event.data;
      const given = { plainSlug, transport, audience, enabled, auth, timeoutMs, personal: sealedJson(sealed) };
      const own = { version: 1, policies: [], updates: 'manual', requirements: null } as const;
      return { owner: subject, number, ...given, ...own, policies: [], createdAt: time, changedAt: time };
    }
    if (!doc) return undefined;
    switch (event.type) {
      case 'McpServerChanged': {
        const { plainSlug = null, transport, audience, enabled, auth, timeoutMs, version, sealed } = event.data;
        return { ...doc, plainSlug, transport, audience, enabled, auth, timeoutMs, version, personal: sealedJson(sealed), changedAt: time };
      }
      case 'McpServerSwitched':
        return { ...doc, enabled: event.data.enabled, changedAt: time };
      case 'McpRequirementsSet':
        return { ...doc, requirements: sealedJson(event.data.sealed), changedAt: time };
      case 'McpUpdatesSet':
        return { ...doc, updates: event.data.updates, changedAt: time };
      case 'McpServerShared':
        return { ...doc, audience: event.data.audience, changedAt: time };
      case 'McpServerRemoved':
        return 'delete';
      case 'McpServerPolicySet': {
        const { toolTag, plainTool, policy, sealed } = event.data;
        const tag = toolTag ?? '';
        const others = doc.policies.filter((each) => each.tag !== tag);
        const tool = tag === '' ? '' : (plainTool ?? sealedJson(sealed));
        return { ...doc, policies: policy === null ? others : [...others, { tag, tool, policy }], changedAt: time };
      }
      default:
        event satisfies never;
        return undefined;
    }
  },
});
