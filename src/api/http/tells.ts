import { z } from 'zod';
import type { CommandDefinition } from '../../commands/command.ts';
import type { Annals } from '../annals.ts';
import { json } from './answer.ts';
import { etag, idempotencyKey, ifRevision, outerPosition, preferredWait } from './preconditions.ts';
import { HttpError } from './problem.ts';
import { type Method, paramNames, type Responses, type RouteDefinition, type RouteEntry, route } from './route.ts';

export interface TellsOptions<Result> extends Pick<RouteEntry, 'summary' | 'tags'> {
  readonly description?: string;
  /** 201 where the command makes something new. Default 200. */
  readonly status?: 200 | 201 | 202;
  readonly bodyLimit?: number;
  /** What the success answers; default: the command's result. */
  readonly result?: z.ZodType;
  /** Where the new thing is. */
  readonly location?: (result: Result) => string;
  /** Fields of the body that the command calls otherwise, by what they are called outside. */
  readonly rename?: Readonly<Record<string, string>>;
}

/** A route that is one command: its input is what the path, the query and the body say. */
export function tells<Input, State, Result, Judged>(command: CommandDefinition<Input, State, Result, Judged>, options: TellsOptions<Result>) {
  return (method: Method, path: string): RouteDefinition => {
    const { summary, description, tags, status = 200, bodyLimit, location, rename = {} } = options;
    const { params, rest } = splitInput(command.input, path);
    const inner = (field: string): string => rename[field] ?? field;
    const outer = (field: string): string => Object.keys(rename).find((name) => rename[name] === field) ?? field;
    return route({
      method,
      path,
      summary,
      ...(description ? { description } : {}),
      tags,
      params,
      body: z.object(mapKeys(rest.shape, outer)),
      ...(bodyLimit === undefined ? {} : { bodyLimit }),
      responses: {
        [status]: { description: 'Done, and stored. ETag and Annals-Position say where.', schema: options.result ?? z.object({}) },
        ...commandErrors,
      },
      handle: async (request) => {
        const { req, res, annals } = request;
        const key = idempotencyKey(req);
        const revision = ifRevision(req);
        // The command parses its own input: what the path says goes over what the body says.
        const input = { ...mapKeys(request.body, inner), ...(request.params as object) } as Input;
        const told = await request.tell(command(input), {
          ...(key === undefined ? {} : { key }),
          ...(revision === undefined ? {} : { ifRevision: revision }),
        });
        if (!told.ok) throw new HttpError(told.error.code, told.error.message, told.error.details);
        const wait = preferredWait(req);
        const applied = wait !== undefined && (await inEveryView(annals, told.position, wait, request.signal));
        res.setHeader('ETag', etag(String(told.revision), told.position));
        res.setHeader('Annals-Position', outerPosition(annals, told.position));
        if (applied) res.setHeader('Preference-Applied', `wait=${Math.ceil(wait / 1000)}`);
        if (location) res.setHeader('Location', location(told.result));
        return json(status, told.result);
      },
    });
  };
}

const mapKeys = <Value>(fields: Readonly<Record<string, Value>>, name: (field: string) => string): Record<string, Value> =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [name(field), value]));

/** True once every view shows the position; a halted one never does. */
async function inEveryView({ progress }: Annals, position: string, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const views = progress.status();
  const following = views.filter(({ state }) => state !== 'halted');
  const reached = await progress.waitFor(
    following.map(({ view }) => view),
    position,
    { timeoutMs, signal },
  );
  return reached && following.length === views.length;
}

/** The input's fields that the path names, and the others. A field that the schema does not know takes any text. */
export function splitInput(input: z.ZodType, path: string): { params: z.ZodType; rest: z.ZodObject<Record<string, z.ZodType>> } {
  const shape: Record<string, z.ZodType> = input instanceof z.ZodObject ? input.shape : {};
  const names = paramNames(path);
  const entries = Object.entries(shape);
  return {
    params: z.object(Object.fromEntries(names.map((name) => [name, shape[name] ?? z.string()]))),
    rest: z.object(Object.fromEntries(entries.filter(([name]) => !names.includes(name)))),
  };
}

/** What any command may answer instead; each as problem+json. */
export const commandErrors: Responses = {
  400: { description: 'The request is not well-formed, or does not fit the schema.' },
  401: { description: 'The request is nobody’s: no token, or one that is not valid.' },
  403: { description: 'Whoever asks may not do this.' },
  404: { description: 'There is no such thing here, or it is not yours.' },
  409: { description: 'It does not go together with how things stand; `code` and `details` say why.' },
  412: { description: 'It has changed since: `If-Match` names another revision.' },
  422: { description: 'The command is refused; `code` says why.' },
  503: { description: 'Not now: repeat it with the same Idempotency-Key after Retry-After.' },
};
