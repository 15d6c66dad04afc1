import type { JsonObject } from '../../domain/event.ts';
import {
  McpServerChanged,
  McpServerPolicySet,
  McpServerRegistered,
  McpServerRemoved,
  McpServerShared,
  McpServerSwitched,
} from '../../domain/mcp/server.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** One server of tools. Its address and title stay sealed; what is secret is in them only as a ciphertext. */
export interface McpServerDoc extends JsonObject {
  owner: string;
  number: number;
  slug: string;
  transport: 'stdio' | 'http' | 'sse' | 'auto';
  audience: 'everybody' | string[];
  enabled: boolean;
  auth: 'none' | 'oauth';
  timeoutMs: number | null;
  version: number;
  /** By tool, `''` for all of them. */
  policies: { tool: string; policy: 'deny' | 'ask' | 'allow' }[];
  personal: SealedJson;
  createdAt: string;
  changedAt: string;
}

const types = [McpServerRegistered, McpServerChanged, McpServerSwitched, McpServerShared, McpServerRemoved, McpServerPolicySet] as const;

export const mcpServers = view<McpServerDoc, (typeof types)[number]>({
  name: 'mcp-servers',
  version: 1,
  types,
  indexes: [['owner', 'number']],
  keys: ({ data }) => [data.serverId],
  fold: (doc, event) => {
    const { time, subject } = event.metadata;
    if (event.type === 'McpServerRegistered') {
      const { number, slug, transport, audience, enabled, auth, timeoutMs, sealed } = event.data;
      const given = { slug, transport, audience, enabled, auth, timeoutMs, personal: sealedJson(sealed) };
      return { owner: subject, number, ...given, version: 1, policies: [], createdAt: time, changedAt: time };
    }
    if (!doc) return undefined;
    switch (event.type) {
      case 'McpServerChanged': {
        const { slug, transport, audience, enabled, auth, timeoutMs, version, sealed } = event.data;
        return { ...doc, slug, transport, audience, enabled, auth, timeoutMs, version, personal: sealedJson(sealed), changedAt: time };
      }
      case 'McpServerSwitched':
        return { ...doc, enabled: event.data.enabled, changedAt: time };
      case 'McpServerShared':
        return { ...doc, audience: event.data.audience, changedAt: time };
      case 'McpServerRemoved':
        return 'delete';
      case 'McpServerPolicySet': {
        const { tool, policy } = event.data;
        const others = doc.policies.filter((each) => each.tool !== (tool ?? ''));
        return { ...doc, policies: policy === null ? others : [...others, { tool: tool ?? '', policy }], changedAt: time };
      }
      default:
        event satisfies never;
        return undefined;
    }
  },
});
