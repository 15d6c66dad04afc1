import type { JsonObject } from '../../domain/event.ts';
import { McpAccessGranted, McpAccessLost, McpAccessRefreshed, McpAccessRevoked, McpLoginFailed } from '../../domain/mcp/access.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** One person's login at one server of tools. Of its tokens there is only when they expire. */
export interface McpLoginDoc extends JsonObject {
  owner: string;
  serverId: string;
  connected: boolean;
  since: string;
  /** Why it is not connected any more, or not yet. */
  why: string | null;
  expiresAt: string | null;
  renews: boolean;
  /** Who has let the person in. */
  granted: SealedJson | null;
}

const types = [McpAccessGranted, McpAccessRefreshed, McpAccessLost, McpAccessRevoked, McpLoginFailed] as const;
export const loginKey = (serverId: string, person: string): string => `${serverId}_for_${person}`;

export const mcpLogins = view<McpLoginDoc, (typeof types)[number]>({
  name: 'mcp-logins',
  version: 1,
  types,
  indexes: [['serverId'], ['owner']],
  ownedBy: 'owner',
  keys: ({ data, metadata }) => [loginKey(data.serverId, metadata.subject)],
  fold: (doc, event) => {
    const { serverId } = event.data;
    const { subject: owner, time: since } = event.metadata;
    const none = { owner, serverId, connected: false, since, expiresAt: null, renews: false, granted: null };
    switch (event.type) {
      case 'McpAccessGranted': {
        const { expiresAt, refreshable, sealed } = event.data;
        return { owner, serverId, connected: true, since, why: null, expiresAt, renews: refreshable, granted: sealedJson(sealed) };
      }
      case 'McpAccessRefreshed':
        return doc?.connected ? { ...doc, expiresAt: event.data.expiresAt, renews: event.data.refreshable } : undefined;
      case 'McpLoginFailed':
        // A login that is there goes on where another one was begun and failed.
        return doc?.connected ? undefined : { ...none, why: event.data.code };
      case 'McpAccessLost':
        return { ...none, why: event.data.code };
      case 'McpAccessRevoked':
        return { ...none, why: 'Revoked' };
      default:
        event satisfies never;
        return undefined;
    }
  },
});
