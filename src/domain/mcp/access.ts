import { z } from 'zod';
import { type Decider, type DecisionContext, type Refusal, refuse } from '../decider.ts';
import { type EventOf, event, type NewEvent, sealed } from '../event.ts';
import { IsoTime, type PersonId } from '../ids.ts';
import { McpServerId } from './server.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** Why a login led to nothing. */
export const LoginFailure = z.enum(['AccessDenied', 'WrongIssuer', 'Refused', 'Unreachable', 'Blocked', 'BadAnswer', 'AddressChanged']);
/** Why an access that was there is of no use any more. */
export const AccessLoss = z.enum(['RefreshRefused', 'NotRefreshable', 'TokenRefused', 'ScopeTooNarrow', 'AddressChanged']);
export type LoginFailure = z.output<typeof LoginFailure>;
export type AccessLoss = z.output<typeof AccessLoss>;

const of = { serverId: McpServerId };
/** Events whose secrets nobody needs any more. */
const dropped = z.array(z.string());
const login = { ...of, attempt: z.string() };
/** `expiresAt`: of the token; null where nobody said. `refreshable`: another one can be had without the person. */
const access = { ...of, generation: z.int(), expiresAt: IsoTime.nullable(), refreshable: z.boolean(), dropped };

/** Somebody goes to log in at a server of tools. What comes back has to bring the state, of which only an HMAC is kept. */
export const McpLoginBegun = event('McpLoginBegun', 1, {
  ...login,
  registration: z.int(),
  stateTag: z.string(),
  expiresAt: IsoTime,
  dropped,
  ...sealed({ pending: z.string() }, { hidden: ['pending'] }),
});
/** An answer has come with the state, which is spent from then on, whatever becomes of it. */
export const McpLoginAnswered = event('McpLoginAnswered', 1, login);
export const McpLoginFailed = event('McpLoginFailed', 1, { ...login, code: LoginFailure, dropped });
/** `grant` is JSON: the tokens, and all that is needed to have them renewed. */
export const McpAccessGranted = event('McpAccessGranted', 1, {
  ...access,
  attempt: z.string(),
  ...sealed({ issuer: z.string(), grant: z.string() }, { hidden: ['grant'] }),
});
/** One process has the tokens renewed; `instead` of one that did not come to an end. */
export const McpRefreshBegun = event('McpRefreshBegun', 1, { ...of, generation: z.int(), refresh: z.string(), instead: z.string().nullable() });
/** Nobody could be reached, so that it may be tried again. */
export const McpRefreshFailed = event('McpRefreshFailed', 1, { ...of, generation: z.int(), refresh: z.string() });
export const McpAccessRefreshed = event('McpAccessRefreshed', 1, { ...access, ...sealed({ grant: z.string() }, { hidden: ['grant'] }) });
export const McpAccessLost = event('McpAccessLost', 1, { ...of, generation: z.int(), code: AccessLoss, dropped });
export const McpAccessRevoked = event('McpAccessRevoked', 1, { ...of, dropped });

export const mcpAccessEvents = [
  McpLoginBegun,
  McpLoginAnswered,
  McpLoginFailed,
  McpAccessGranted,
  McpRefreshBegun,
  McpRefreshFailed,
  McpAccessRefreshed,
  McpAccessLost,
  McpAccessRevoked,
] as const;
type McpAccessEvent = EventOf<(typeof mcpAccessEvents)[number]>;

interface Place {
  readonly eventId: string;
  readonly revision: bigint;
}

/** One person's access to one server where each logs in for itself. */
export interface McpAccess {
  owner?: PersonId;
  generation: number;
  login?: { readonly attempt: string; readonly stateTag: string; readonly expiresAt: string; readonly place: Place; answered: boolean };
  grant?: { readonly attempt: string; readonly place: Place; readonly expiresAt: string | null; readonly refreshable: boolean };
  /** The refresh under way. */
  refresh?: string;
  /** Why there is none. */
  why?: LoginFailure | AccessLoss | 'Revoked';
}

type Fresh = { expiresAt: string | null; refreshable: boolean; grant: string };
export type McpAccessCommand = { serverId: string } & (
  | { name: 'beginMcpLogin'; registration: number; state: string; pending: string }
  | { name: 'answerMcpLogin'; state: string }
  | { name: 'failMcpLogin'; attempt: string; code: LoginFailure }
  | ({ name: 'grantMcpAccess'; attempt: string; issuer: string } & Fresh)
  | { name: 'beginMcpRefresh'; generation: number; instead: string | null }
  | { name: 'failMcpRefresh'; generation: number; refresh: string }
  | ({ name: 'refreshMcpAccess'; generation: number } & Fresh)
  | { name: 'loseMcpAccess'; generation: number; code: AccessLoss }
  | { name: 'revokeMcpAccess' }
);

export const mcpAccessStream = (serverId: string, person: string): string => `mcpaccess-${serverId}_for_${person}`;

const LOGIN_MS = 600_000;

const unknownState = refuse('StateUnknown', 'This answer belongs to no login that you have begun: connect again.');

export const mcpAccess: Decider<McpAccess, McpAccessCommand, McpAccessEvent> = {
  initialState: () => ({ generation: 0 }),
  evolve: (state, event) => {
    const { type, data, id: eventId, revision, metadata } = event;
    state.owner = metadata.subject;
    switch (type) {
      case 'McpLoginBegun': {
        const { attempt, stateTag, expiresAt } = data;
        state.login = { attempt, stateTag, expiresAt, place: { eventId, revision }, answered: false };
        return state;
      }
      case 'McpLoginAnswered':
        if (state.login) state.login.answered = true;
        return state;
      case 'McpLoginFailed':
        delete state.login;
        if (!state.grant) state.why = data.code;
        return state;
      case 'McpAccessGranted':
      case 'McpAccessRefreshed': {
        const { generation, expiresAt, refreshable } = data;
        const attempt = type === 'McpAccessGranted' ? data.attempt : (state.grant?.attempt ?? '');
        state.generation = generation;
        state.grant = { attempt, place: { eventId, revision }, expiresAt, refreshable };
        if (type === 'McpAccessGranted') delete state.login;
        delete state.refresh;
        delete state.why;
        return state;
      }
      case 'McpRefreshBegun':
        state.refresh = data.refresh;
        return state;
      case 'McpRefreshFailed':
        delete state.refresh;
        return state;
      case 'McpAccessLost':
      case 'McpAccessRevoked':
        delete state.grant;
        delete state.refresh;
        if (type === 'McpAccessRevoked') delete state.login;
        state.why = type === 'McpAccessLost' ? data.code : 'Revoked';
        return state;
      default:
        event satisfies never;
        return state;
    }
  },
  decide: (command, state, context) => {
    const { serverId } = command;
    const { grant, login: begun } = state;
    switch (command.name) {
      case 'beginMcpLogin': {
        const { registration, pending, state: secret } = command;
        const stateTag = context.tag(`mcp login ${secret}`);
        const before = begun ? [begun.place.eventId] : [];
        return [
          McpLoginBegun({
            serverId,
            attempt: context.newId('login_'),
            registration,
            stateTag,
            expiresAt: later(context.now),
            dropped: before,
            pending,
          }),
        ];
      }
      case 'answerMcpLogin':
        return answered(serverId, command.state, begun, context);
      case 'failMcpLogin':
        if (begun?.attempt !== command.attempt) return [];
        return [McpLoginFailed({ serverId, attempt: command.attempt, code: command.code, dropped: [begun.place.eventId] })];
      case 'grantMcpAccess': {
        const { attempt, issuer, expiresAt, refreshable, grant: secret } = command;
        if (begun?.attempt !== attempt) return refuse('Superseded', 'Another login has been begun meanwhile: use that one.');
        const before = [begun.place.eventId, ...(grant ? [grant.place.eventId] : [])];
        const generation = state.generation + 1;
        return [McpAccessGranted({ serverId, attempt, generation, expiresAt, refreshable, dropped: before, issuer, grant: secret })];
      }
      case 'revokeMcpAccess': {
        const before = [grant, begun].flatMap((one) => (one ? [one.place.eventId] : []));
        return before.length === 0 ? [] : [McpAccessRevoked({ serverId, dropped: before })];
      }
      default:
        return renewed(command, state, context);
    }
  },
};

const later = (now: string): string => new Date(Date.parse(now) + LOGIN_MS).toISOString();

function answered(serverId: string, given: string, begun: McpAccess['login'], { tag, now }: DecisionContext): readonly NewEvent[] | Refusal {
  if (begun?.stateTag !== tag(`mcp login ${given}`)) return unknownState;
  if (begun.answered) return refuse('StateUsed', 'This login has been answered already: connect again.');
  if (now >= begun.expiresAt) return refuse('StateExpired', 'This login took too long: connect again.');
  return [McpLoginAnswered({ serverId, attempt: begun.attempt })];
}

type Renewing = Extract<McpAccessCommand, { generation: number }>;
/** What goes on with tokens that are there; nothing is said of others than the newest. */
function renewed(command: Renewing, { grant, generation, refresh }: McpAccess, { newId }: DecisionContext): readonly NewEvent[] | Refusal {
  const { serverId } = command;
  if (!grant || command.generation !== generation) return refuse('Superseded', 'There are newer tokens, or none any more.');
  switch (command.name) {
    case 'beginMcpRefresh':
      if ((refresh ?? null) !== command.instead) return refuse('RefreshUnderWay', 'Another process has them renewed.', { refresh: refresh ?? null });
      return [McpRefreshBegun({ serverId, generation, refresh: newId('refresh_'), instead: command.instead })];
    case 'failMcpRefresh':
      return refresh === command.refresh ? [McpRefreshFailed({ serverId, generation, refresh })] : [];
    case 'refreshMcpAccess': {
      const { expiresAt, refreshable, grant: secret } = command;
      return [McpAccessRefreshed({ serverId, generation: generation + 1, expiresAt, refreshable, dropped: [grant.place.eventId], grant: secret })];
    }
    case 'loseMcpAccess':
      return [McpAccessLost({ serverId, generation, code: command.code, dropped: [grant.place.eventId] })];
    default:
      return command satisfies never;
  }
}

const sentences: Readonly<Record<NonNullable<McpAccess['why']>, string>> = {
  AccessDenied: 'The login was refused there, or broken off.',
  WrongIssuer: 'The answer came from another authorization server than the one that was asked, so it was not used.',
  Refused: 'The authorization server refused the login.',
  Unreachable: 'The authorization server could not be reached.',
  Blocked: 'The server named an address that must not be reached from here.',
  BadAnswer: 'What the authorization server answered cannot be used.',
  RefreshRefused: 'The authorization server does not renew the access any more.',
  NotRefreshable: 'The access has expired, and cannot be renewed without you.',
  TokenRefused: 'The server does not take the access any more.',
  ScopeTooNarrow: 'The server wants more permissions than were given.',
  AddressChanged: 'The address of the server has changed since you logged in.',
  Revoked: 'You have disconnected it.',
};
/** Why somebody has no access to a server that wants a login, in a sentence; also what to do. */
export const whyNoAccess = (why: McpAccess['why']): string => `${why === undefined ? 'The server wants you to log in.' : sentences[why]} Connect it.`;
