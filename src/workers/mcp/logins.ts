import { randomBytes } from 'node:crypto';
import type { LoginError, McpAuthorizer } from '../../adapters/mcp/port.ts';
import type { Tell } from '../../commands/command.ts';
import { answerMcpLogin, beginMcpLogin, failMcpLogin, grantMcpAccess, revokeMcpAccess } from '../../commands/mcp-access.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { DomainError } from '../../domain/decider.ts';
import { type LoginFailure, whyNoAccess } from '../../domain/mcp/access.ts';
import { CLIENT_METADATA, LOGIN_CALLBACK } from '../../domain/mcp/login-client.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import type { Principal } from '../../domain/principal.ts';
import { type McpAccessDesk, told } from './access.ts';
import type { McpRegistry } from './registry.ts';

export interface LoginParts {
  readonly tell: Tell;
  readonly registry: Pick<McpRegistry, 'find' | 'open'>;
  readonly access: McpAccessDesk;
  readonly authorizer: McpAuthorizer;
  readonly now: () => Date;
}

/** What came back from an authorization server, by way of the person's browser. */
export interface LoginAnswer {
  readonly state: string;
  readonly code?: string | undefined;
  readonly iss?: string | undefined;
  readonly error?: string | undefined;
}

export type LoginOutcome<Value> = ({ readonly ok: true } & Value) | { readonly ok: false; readonly error: DomainError };

/** Logins of persons at servers of tools. */
export interface McpLogins {
  /** Where to log in; `base`: where Annals is reached, without a slash at the end. */
  begin(principal: Principal, serverId: string, base: string): Promise<LoginOutcome<{ readonly location: string }>>;
  /** Takes the answer, once, by the person who has begun it. */
  finish(principal: Principal, answer: LoginAnswer): Promise<LoginOutcome<{ readonly serverId: string }>>;
  /** Forgets the tokens; `told`: the authorization server has heard it too. */
  disconnect(principal: Principal, serverId: string): Promise<LoginOutcome<{ readonly told: boolean }>>;
}

/** Of the whole of one half of a login, in ms. */
const MOST_MS = 30_000;

const failed = (code: string, message: string): { ok: false; error: DomainError } => ({ ok: false, error: { code, message } });
const absent = failed('NotFound', 'There is no such tool server here, or it is not yours.');
const failures: Readonly<Record<LoginError['code'], LoginFailure>> = {
  Refused: 'Refused',
  WrongIssuer: 'WrongIssuer',
  Unreachable: 'Unreachable',
  Blocked: 'Blocked',
  BadAnswer: 'BadAnswer',
};

export function createMcpLogins({ tell, registry, access, authorizer, now }: LoginParts): McpLogins {
  const withLogin = async (serverId: string, { id }: Principal): Promise<NamedServer | undefined> => registry.find(serverId, id);
  /** The server is named in the state, so that an answer finds its login; who knows it only comes to a login of their own. */
  const serverIn = (state: string): string => state.split('.')[0] ?? '';

  return {
    async begin(principal, serverId, base) {
      const server = await withLogin(serverId, principal);
      if (!server) return absent;
      if (server.auth !== 'oauth') return failed('NoLogin', 'This server is registered as one without a login: register it with `"auth": "oauth"`.');
      const opened = await registry.open(server);
      if (!opened || opened.target.kind === 'stdio') return absent;
      const { target, oauth, clientSecret } = opened;
      const state = `${serverId}.${randomBytes(32).toString('base64url')}`;
      const more = await access.wantedScope(serverId, principal.id);
      const begun = await authorizer.begin({
        url: target.url,
        transport: target.kind,
        ...(oauth?.clientId ? { clientId: oauth.clientId } : {}),
        ...(clientSecret === undefined ? {} : { clientSecret }),
        scopes: oauth?.scopes ?? [],
        ...(more === undefined ? {} : { more }),
        redirectUrl: base + LOGIN_CALLBACK,
        ...(base.startsWith('https:') ? { clientMetadataUrl: base + CLIENT_METADATA } : {}),
        state,
        signal: AbortSignal.timeout(MOST_MS),
      });
      if (!begun.ok) return failed('LoginImpossible', begun.error.message);
      const pending = JSON.stringify(begun.value.pending);
      const kept = await tell(principal, beginMcpLogin({ serverId, registration: server.version, state, pending }));
      return kept.ok ? { ok: true, location: begun.value.location } : kept;
    },
    async finish(principal, { state, code, iss, error }) {
      const serverId = serverIn(state);
      const server = await withLogin(serverId, principal);
      if (!server) return failed('StateUnknown', 'This answer belongs to no login that you have begun: connect again.');
      const { login: begun } = await access.stateOf(serverId, principal.id);
      // Spent before anything is done with it: of two that come with the same one, one goes on.
      const answered = await tell(principal, answerMcpLogin({ serverId, state }));
      if (!answered.ok) return answered;
      const { attempt } = answered.result;
      const asAnnals = annals(principal.id);
      const end = async (why: LoginFailure): Promise<{ ok: false; error: DomainError }> => {
        await tell(asAnnals, failMcpLogin({ serverId, attempt, code: why }));
        return failed('LoginFailed', whyNoAccess(why));
      };
      const opened = await registry.open(server);
      const pending = begun?.attempt === attempt ? await access.secretAt(serverId, principal.id, begun.place, 'pending') : undefined;
      if (error !== undefined || code === undefined) return end('AccessDenied');
      if (pending === undefined || !opened || opened.target.kind === 'stdio') return end('BadAnswer');
      if ((pending as { url?: string }).url !== opened.target.url) return end('AddressChanged');
      const signal = AbortSignal.timeout(MOST_MS);
      const granted = await authorizer.finish(pending, { code, ...(iss === undefined ? {} : { iss }), signal });
      if (!granted.ok) return end(failures[granted.error.code]);
      const { issuer } = granted.value;
      const kept = await tell(asAnnals, grantMcpAccess({ serverId, attempt, issuer, ...told(granted.value, now()) }));
      return kept.ok ? { ok: true, serverId } : kept;
    },
    async disconnect(principal, serverId) {
      const { grant } = await access.stateOf(serverId, principal.id);
      if (!grant && !(await withLogin(serverId, principal))) return absent;
      const secret = grant && (await access.secretAt(serverId, principal.id, grant.place, 'grant'));
      const revoked = await tell(principal, revokeMcpAccess({ serverId }));
      if (!revoked.ok) return revoked;
      return { ok: true, told: secret === undefined ? false : await authorizer.revoke(secret, AbortSignal.timeout(MOST_MS)) };
    },
  };
}
