import type { Express, Request, Response } from 'express';
import { PersonId } from '../../domain/ids.ts';
import { sendAnswer } from './answer.ts';
import { hasBody } from './body.ts';
import { noteOf } from './note.ts';
import { HttpError, problem, statusOf } from './problem.ts';
import { disconnection, type Kernel, requestIdOf } from './request.ts';
import type { ErrorForm, RouteDefinition } from './route.ts';

/** Registers the routes, and after them what other methods of their paths answer: 405. */
export function mount(app: Express, kernel: Kernel, definitions: readonly RouteDefinition[]): void {
  for (const definition of definitions) {
    const handler = (req: Request, res: Response): Promise<void> => answer(kernel, definition, req, res);
    const path = expressPath(definition.path);
    switch (definition.method) {
      case 'GET':
        app.get(path, handler);
        break;
      case 'POST':
        app.post(path, handler);
        break;
      case 'PUT':
        app.put(path, handler);
        break;
      case 'PATCH':
        app.patch(path, handler);
        break;
      case 'DELETE':
        app.delete(path, handler);
        break;
      default:
        definition.method satisfies never;
    }
  }
  const byPath = Map.groupBy(definitions, ({ path }) => expressPath(path));
  for (const [path, there] of byPath) {
    const allow = there.map(({ method }) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ');
    const errors = there[0]?.errors ?? problem;
    // Not `app.all`, which makes a handler of its own for each of the 35 methods that Node knows.
    app.route(path).all((req, res) => failed(kernel, errors, req, res, new HttpError('MethodNotAllowed', `This path takes ${allow}.`, { allow })));
  }
}

const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

async function answer(kernel: Kernel, { run, errors }: RouteDefinition, req: Request, res: Response): Promise<void> {
  try {
    const requestId = String(res.getHeader('x-request-id'));
    const answered = await run({
      req,
      res,
      kernel,
      annals: kernel.annals,
      params: req.params,
      query: req.query,
      body: undefined,
      bytes: Buffer.alloc(0),
      requestId,
      signal: disconnection(res),
    });
    if (answered) sendAnswer(res, answered);
  } catch (error) {
    failed(kernel, errors, req, res, error);
  }
}

/** The last resort too: what nobody expected is logged with the request's id, answered without details, and the process lives on. */
export function failed(kernel: Kernel, errors: ErrorForm, req: Request, res: Response, error: unknown): void {
  const requestId = String(res.getHeader('x-request-id') ?? requestIdOf(req));
  const { error: told } = error instanceof HttpError ? error : unexpected(error);
  if (statusOf(told.code) === 500 && !req.destroyed)
    kernel.log(`request ${requestId}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (told.code === 'RateLimited')
    kernel.annals.security.record({ kind: 'rate-limited', ...noteOf({ req, kernel, requestId }), actor: PersonId.safeParse(res.locals.actor).data });
  if (res.headersSent || res.destroyed) return void res.destroy();
  if (hasBody(req) && !req.complete) hangUp(req, res);
  sendAnswer(res, errors(told, requestId));
}

/** What Express and the router say of requests that they cannot read is the client's, a full disk may be repeated; everything else is a fault of ours. */
function unexpected(error: unknown): HttpError {
  if (error instanceof Error && 'code' in error && error.code === 'StoreUnavailable') return new HttpError('StoreUnavailable', error.message);
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : 500;
  return status === 400
    ? new HttpError('InvalidInput', 'The address of the request is malformed.')
    : new HttpError('Internal', 'Something went wrong here: the server has noted it under the id of this request.');
}

const LINGER_MS = 2000;

/** The rest of a refused body is not waited for; it is thrown away for a moment, so that the client can read the answer before the connection closes. */
function hangUp(req: Request, res: Response): void {
  res.setHeader('connection', 'close');
  req.resume();
  const timer = setTimeout(() => req.destroy(), LINGER_MS);
  timer.unref();
  res.once('close', () => clearTimeout(timer));
}
