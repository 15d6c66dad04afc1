import type { z } from 'zod';
import type { DomainError } from '../../domain/decider.ts';
import type { Answer } from './answer.ts';
import { BODY_LIMIT, LARGE_BODY_LIMIT, readBytes, readJson } from './body.ts';
import { noteOf } from './note.ts';
import { HttpError, problem } from './problem.ts';
import { asPrincipal, type RouteRequest, type Visit, whileWelcome } from './request.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ResponseEntry {
  readonly description: string;
  /** Default: `application/json` where there is a schema. */
  readonly contentType?: string;
  readonly schema?: z.ZodType;
}
export type Responses = Readonly<Record<number, ResponseEntry>>;

/** How a dialect says an error; the default is problem+json. */
export type ErrorForm = (error: DomainError, requestId: string) => Answer;

/** What the document tells of a route. */
export interface RouteEntry {
  readonly method: Method;
  /** `/api/conversations/{conversationId}`: names in braces are parameters. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly responses: Responses;
}

interface Declared<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> extends RouteEntry {
  readonly params?: Params;
  readonly query?: Query;
  /** A JSON body. */
  readonly body?: Body;
  /** Instead of a JSON body: any bytes, given to the handler whole. */
  readonly bytes?: { readonly description: string; readonly contentTypes: readonly string[] };
  /** In bytes; default 1 MB, 30 MB where the route takes bytes. */
  readonly bodyLimit?: number;
  readonly errors?: ErrorForm;
}

export interface RouteDeclaration<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> extends Declared<Params, Query, Body> {
  readonly handle: (request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Answer | undefined>;
}
export interface OpenRouteDeclaration<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>
  extends Declared<Params, Query, Body> {
  readonly handle: (visit: Visit<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Answer | undefined>;
}

/** A route ready to be mounted and documented. */
export interface RouteDefinition extends RouteEntry {
  /** Answers strangers too. */
  readonly open: boolean;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly bytes?: { readonly description: string; readonly contentTypes: readonly string[] };
  readonly errors: ErrorForm;
  readonly run: (visit: Visit) => Promise<Answer | undefined>;
}

/** Declares a route of principals: a request that is nobody's is refused with 401 before anything of it is read. */
export function route<Params extends z.ZodType = z.ZodUnknown, Query extends z.ZodType = z.ZodUnknown, Body extends z.ZodType = z.ZodUnknown>(
  declaration: RouteDeclaration<Params, Query, Body>,
): RouteDefinition {
  const { handle, ...entry } = declaration;
  return {
    ...entry,
    errors: declaration.errors ?? problem,
    open: false,
    run: async (visit) => {
      const { kernel, req } = visit;
      const identified = await kernel.identity.identify(req);
      if (!identified.ok) {
        kernel.annals.refusals.unauthenticated(identified.code);
        if (req.headers.authorization !== undefined) kernel.annals.security.record({ kind: 'token-refused', ...noteOf(visit) });
        if (identified.code === 'Forbidden') kernel.annals.security.record({ kind: 'access-denied', reason: 'ForeignPage', ...noteOf(visit) });
        throw new HttpError(identified.code, identified.message);
      }
      const { principal } = identified;
      if (principal.kind === 'person') visit.res.locals.actor = principal.id;
      kernel.costs(`${declaration.method} ${declaration.path}`, principal);
      const signal = whileWelcome(visit.signal, identified);
      return handle(asPrincipal({ ...(await parsed(declaration, visit)), signal }, identified));
    },
  };
}

/** Declares a route that answers anybody; who it is, if it matters, the handler finds out. */
export function openRoute<Params extends z.ZodType = z.ZodUnknown, Query extends z.ZodType = z.ZodUnknown, Body extends z.ZodType = z.ZodUnknown>(
  declaration: OpenRouteDeclaration<Params, Query, Body>,
): RouteDefinition {
  const { handle, ...entry } = declaration;
  return { ...entry, errors: declaration.errors ?? problem, open: true, run: async (visit) => handle(await parsed(declaration, visit)) };
}

async function parsed<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  { params, query, body, bytes, bodyLimit }: Declared<Params, Query, Body>,
  visit: Visit,
): Promise<Visit<z.output<Params>, z.output<Query>, z.output<Body>>> {
  const { req } = visit;
  const given = params?.safeParse(req.params);
  if (given?.success === false) throw new HttpError('NotFound', 'There is no such thing here, or it is not yours.');
  const asked = query && parse(query, req.query);
  const read = bytes ? await readBytes(req, bodyLimit ?? LARGE_BODY_LIMIT) : Buffer.alloc(0);
  const sent = bytes ? undefined : await readJson(req, bodyLimit ?? BODY_LIMIT);
  // Without a schema the handler's type says `unknown`, and so does what it gets.
  return {
    ...visit,
    params: given?.data as z.output<Params>,
    query: asked as z.output<Query>,
    bytes: read,
    body: body && parse(body, sent === undefined ? {} : sent),
  } as Visit<z.output<Params>, z.output<Query>, z.output<Body>>;
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new HttpError('InvalidInput', describe(result.error));
}

const describe = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`)).join('; ');

type Maker = (method: Method, path: string) => RouteDefinition;

/** `routes({ 'PUT /api/things/{thingId}': tells(setThing, …), 'GET /api/things': asks(listThings, …) })` */
export function routes(table: Readonly<Record<`${Method} /${string}`, Maker>>): readonly RouteDefinition[] {
  return Object.entries(table).map(([line, make]) => {
    const [method, path] = line.split(' ') as [Method, string];
    return make(method, path);
  });
}

/** The names in braces of a path. */
export const paramNames = (path: string): readonly string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
