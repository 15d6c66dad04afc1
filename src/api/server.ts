import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { registerPerson } from '../commands/person.ts';
import { annals as annalsItself } from '../commands/settle-active-run.ts';
import type { PersonId } from '../domain/ids.ts';
import type { Annals } from './annals.ts';
import { docsRoutes, mountDocs } from './docs/index.ts';
import { createCostLimit } from './http/costly.ts';
import { createDoors, type DoorsOptions } from './http/doors.ts';
import { guard } from './http/guard.ts';
import { createIdentity, type Identity, type IdentityOptions } from './http/identity/identify.ts';
import { identityRoutes } from './http/identity/routes.ts';
import { createSessionKeys } from './http/identity/session-keys.ts';
import { recordUse } from './http/identity/session-use.ts';
import { type Credentials, closeServer, defaultLimits, httpServer, isSecure, type Limits, type Listening, listenOn } from './http/listen.ts';
import { failed, mount } from './http/mount.ts';
import { createOwnWrites } from './http/own-writes.ts';
import { HttpError, problem } from './http/problem.ts';
import type { RouteDefinition } from './http/route.ts';
import { mountWebApp } from './http/web-app.ts';
import type { AccountDoors } from './rest/accounts.ts';
import { metricsRoutes } from './rest/metrics.ts';
import { restRoutes } from './rest/index.ts';
import { healthRoutes } from './rest/operations.ts';

export interface ServerOptions extends IdentityOptions, DoorsOptions {
  /** The dialects' routes, beside our own. */
  readonly routes?: readonly RouteDefinition[];
  /** Nothing but `/health/live` and `/health/ready`: for a process that only works. */
  readonly healthOnly?: boolean;
  /** Where the built web app lies. */
  readonly webFolder?: string;
  /** Whoever sends it as a bearer token may read `/metrics`. */
  readonly metricsToken?: string | undefined;
  readonly limits?: Partial<Limits>;
  /** How often a person may call routes that cost much, in a minute; default: as often as it likes. */
  readonly costlyPerMinute?: number;
  /** Speaks HTTPS with them; otherwise HTTP. */
  readonly credentials?: Credentials | undefined;
  /** Which doors to accounts with a password are open; default: none. */
  readonly accounts?: AccountDoors;
  /** Gets what went wrong unexpectedly, with the request's id and nothing of the request's content. */
  readonly log?: (message: string) => void;
}

export interface Server {
  readonly handler: Express;
  /** Every route there is, ours and the dialects'. */
  readonly routes: readonly RouteDefinition[];
  listen(where: { readonly host: string; readonly port: number }): Promise<Listening>;
  /** Shows other credentials to whoever connects from now on. */
  renew(credentials: Credentials): void;
  /** Ends endless streams at once, waits for the rest that long, then cuts it off. */
  close(graceMs: number): Promise<void>;
}

/** Everything that is reached over HTTP, in front of the three verbs. */
export function createServer(annals: Annals, options: ServerOptions): Server {
  const { log = (message) => void process.stderr.write(`${message}\n`) } = options;
  const doors = createDoors(options);
  const register = async (person: PersonId): Promise<void> => {
    const told = await annals.tell(annalsItself(person), registerPerson({ person, via: 'proxy', roles: ['member'], profile: {} }));
    if (!told.ok && told.error.code !== 'AlreadyRegistered') throw new HttpError(told.error.code, told.error.message);
  };
  const keys = createSessionKeys(options.sessions, options.publicUrl);
  const identity: Identity = createIdentity(options, {
    doors,
    keys,
    register,
    used: recordUse(annals, keys, (sessionId) => identity.forget(sessionId)),
  });
  const closing = new AbortController();
  const kernel = {
    annals,
    identity,
    keys,
    tokens: options.tokens,
    doors,
    ownWrites: createOwnWrites(annals.progress),
    costs: createCostLimit(options.costlyPerMinute ?? 0),
    closing: closing.signal,
    log,
  };
  const routes: readonly RouteDefinition[] = options.healthOnly
    ? [...healthRoutes, ...metricsRoutes(options)]
    : [...identityRoutes(options), ...restRoutes(options), ...metricsRoutes(options), ...(options.routes ?? []), ...docsRoutes(() => routes)];

  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').enable('case sensitive routing').enable('strict routing');
  app.use(guard(doors));
  mount(app, kernel, routes);
  if (!options.healthOnly) {
    mountDocs(app, kernel);
    mountWebApp(app, options.webFolder);
  }
  app.use((req: Request, res: Response) => failed(kernel, problem, req, res, new HttpError('NotFound', 'There is nothing at this address.')));
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => failed(kernel, problem, req, res, error));

  const server = httpServer(app, { ...defaultLimits, ...options.limits }, options.credentials);
  return {
    handler: app,
    routes,
    listen: (where) => listenOn(server, where),
    renew: (credentials) => {
      if (isSecure(server)) server.setSecureContext({ ...credentials, minVersion: 'TLSv1.2' });
    },
    close(graceMs) {
      closing.abort();
      return closeServer(server, graceMs);
    },
  };
}
