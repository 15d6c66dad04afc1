import type { McpError, McpResult, McpTarget } from '../../adapters/mcp/port.ts';
import type { McpState } from '../../domain/mcp/status.ts';
import type { McpAccessDesk } from './access.ts';
import type { Slot } from './slot.ts';

/** Whether an error is one that only another login ends. */
export const isAboutLogin = ({ server }: Slot, { code }: McpError): boolean =>
  code === 'NeedsAuth' || (code === 'ScopeTooNarrow' && server.auth === 'oauth');

const needsLogin = (message: string): { ok: false; error: McpError } => ({ ok: false, error: { code: 'NeedsAuth', message, sent: false } });

/** What connections have to do with the logins of their persons. */
export function createSlotLogins(
  access: Pick<McpAccessDesk, 'standing' | 'tokensFor' | 'lose'>,
  enter: (slot: Slot, state: McpState, reason: string) => void,
) {
  return {
    /** A login that the server does not take is none, for all processes. Answers why it needs another. */
    async needsAuth(slot: Slot, { code, message }: McpError): Promise<{ ok: false; error: McpError }> {
      const { server, person } = slot;
      if (server.auth === 'oauth') await access.lose(server.serverId, person, code === 'ScopeTooNarrow' ? code : 'TokenRefused');
      const standing = server.auth === 'oauth' ? await access.standing(server.serverId, person) : undefined;
      const reason = standing && !standing.ok ? standing.reason : message;
      enter(slot, 'needs_auth', reason);
      return needsLogin(reason);
    },
    /** With the person's tokens, where each logs in for itself; why not, where there are none. */
    async targetFor(slot: Slot, target: McpTarget): Promise<McpResult<McpTarget>> {
      const { server, person } = slot;
      if (server.auth !== 'oauth' || !('url' in target)) return { ok: true, value: target };
      const standing = await access.standing(server.serverId, person);
      if (!standing.ok) return needsLogin(standing.reason);
      slot.login = standing.attempt;
      return { ok: true, value: { ...target, tokens: access.tokensFor(server.serverId, person, target.url) } };
    },
    async hasNewLogin({ server, person, login }: Slot): Promise<boolean> {
      const standing = server.auth === 'oauth' ? await access.standing(server.serverId, person) : undefined;
      return standing?.ok === true && standing.attempt !== login;
    },
  };
}
