import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import type { CommandValue, TellOptions, Told } from '../../commands/command.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Asked, AskOptions, QueryValue } from '../../projections/query.ts';
import type { Annals } from '../annals.ts';
import type { CostLimit } from './costly.ts';
import type { Doors } from './doors.ts';
import type { CameWith, Identified, Identity } from './identity/identify.ts';
import type { SessionKeys } from './identity/session-keys.ts';
import type { Tokens } from './identity/tokens.ts';
import type { OwnWrites } from './own-writes.ts';

/** What every route of a server shares. */
export interface Kernel {
  readonly annals: Annals;
  readonly identity: Identity;
  readonly keys: SessionKeys;
  readonly tokens: Tokens;
  readonly doors: Doors;
  readonly ownWrites: OwnWrites;
  readonly costs: CostLimit;
  /** Aborted when the server begins to close: streams without an end of their own end then. */
  readonly closing: AbortSignal;
  readonly log: (message: string) => void;
}

/** A request on its way to a handler, whoever sent it. */
export interface Visit<Params = unknown, Query = unknown, Body = unknown> {
  readonly req: Request;
  readonly res: Response;
  readonly kernel: Kernel;
  readonly annals: Annals;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Of routes that take bytes; empty otherwise. */
  readonly bytes: Buffer;
  readonly requestId: string;
  /** The client has gone, or may no longer see what it is shown. */
  readonly signal: AbortSignal;
}

/** A request of a principal, with the verbs in its name. */
export interface RouteRequest<Params = unknown, Query = unknown, Body = unknown> extends Visit<Params, Query, Body> {
  readonly principal: Principal;
  /** Of the token or session it came with, seconds since 1970; the local person has none. */
  readonly expires?: number;
  readonly cameWith?: CameWith;
  /** Correlated with the request; an Idempotency-Key counts only where the caller passes it on as `key`. */
  readonly tell: <Result>(command: CommandValue<Result>, options?: TellOptions) => Promise<Told<Result>>;
  /** Sees what the principal wrote before through this server, unless the views need more than a second for it. */
  readonly ask: <Data>(query: QueryValue<Data>, options?: AskOptions) => Promise<Asked<Data>>;
}

const REQUEST_ID = /^[\w.:-]{1,128}$/;
export const requestIdOf = (req: IncomingMessage): string => {
  const given = req.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
};

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
/** How often an answer that goes on asks whether it still may, in ms. */
const WELCOME_CHECK_MS = 1000;

/** The visit as a request of its principal. */
export function asPrincipal<Params, Query, Body>(
  visit: Visit<Params, Query, Body>,
  { principal, expires, cameWith }: Extract<Identified, { ok: true }>,
): RouteRequest<Params, Query, Body> {
  const { req, annals, kernel, requestId } = visit;
  const { traceparent } = req.headers;
  const about = { correlationId: requestId, ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { traceparent } : {}) };
  return {
    ...visit,
    principal,
    ...(expires === undefined ? {} : { expires }),
    ...(cameWith === undefined ? {} : { cameWith }),
    async tell(command, options) {
      const told = await annals.tell(principal, command, { ...about, ...options });
      if (told.ok) kernel.ownWrites.wrote(principal, told.position);
      return told;
    },
    async ask(query, options) {
      if (options?.after === undefined)
        await kernel.ownWrites.visible(
          principal,
          query.definition.views.map(({ name }) => name),
          visit.signal,
        );
      return annals.ask(principal, query, { signal: visit.signal, correlationId: requestId, ...options });
    },
  };
}

/** One for all: every answer ends in an abort, and making the reason costs more than the abort. */
const GONE = new DOMException('The client has gone.', 'AbortError');

/** Aborted when the client goes away, or has its whole answer. */
export function disconnection(res: Response): AbortSignal {
  const gone = new AbortController();
  if (res.destroyed) gone.abort(GONE);
  else res.once('close', () => gone.abort(GONE));
  return gone.signal;
}

/** The signal, or that whoever asked is not let in any more while the answer is still going on. */
export function whileWelcome(signal: AbortSignal, { isWelcome }: Extract<Identified, { ok: true }>): AbortSignal {
  if (signal.aborted) return signal;
  const ended = new AbortController();
  const check = async (): Promise<void> => {
    if (!(await isWelcome())) ended.abort();
  };
  const timer = setInterval(() => void check().catch(() => undefined), WELCOME_CHECK_MS);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    ended.abort(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  ended.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return ended.signal;
}
