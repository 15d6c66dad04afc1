import { z } from 'zod';
import type { QueryDefinition } from '../../projections/query.ts';
import { json } from './answer.ts';
import { etag, innerPosition, outerPosition } from './preconditions.ts';
import { HttpError } from './problem.ts';
import { type Method, type Responses, type RouteDefinition, type RouteEntry, route } from './route.ts';
import { splitInput } from './tells.ts';

export interface AsksOptions<Data> extends Pick<RouteEntry, 'summary' | 'tags'> {
  readonly description?: string;
  readonly result: z.ZodType;
  /** What is shown of the data; default: all of it. */
  readonly answer?: (data: Data) => unknown;
}

/** A route that is one query. `If-Min-Position` waits for a write; a `revision` in the data is the first part of the ETag. */
export function asks<Input, Data>(
  query: QueryDefinition<Input, Data>,
  { summary, description, tags, result, answer = (data) => data }: AsksOptions<Data>,
) {
  return (method: Method, path: string): RouteDefinition => {
    const { params, rest } = splitInput(query.input, path);
    return route({
      method,
      path,
      summary,
      ...(description ? { description } : {}),
      tags,
      params,
      query: rest,
      responses: { 200: { description: 'How it stands at the position in Annals-Position.', schema: result }, ...queryErrors },
      handle: async (request) => {
        const { req, res, annals } = request;
        const least = req.headers['if-min-position'];
        const after = typeof least === 'string' ? innerPosition(annals, least) : undefined;
        // The query parses its own input.
        const input = { ...(request.query as object), ...(request.params as object) } as Input;
        const asked = await request.ask(query(input), after === undefined ? {} : { after });
        if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
        // What no view shows has no position, and nothing that would change with it.
        if (query.views.length > 0) {
          const revision = Revised.safeParse(asked.data).data?.revision;
          res.setHeader('ETag', revision === undefined ? `"${asked.position}"` : etag(revision, asked.position));
          res.setHeader('Annals-Position', outerPosition(annals, asked.position));
        }
        return json(200, answer(asked.data));
      },
    });
  };
}

const Revised = z.object({ revision: z.string() });

/** What any query may answer instead; each as problem+json. */
export const queryErrors: Responses = {
  400: { description: 'The request is not well-formed, or does not fit the schema.' },
  401: { description: 'The request is nobody’s: no token, or one that is not valid.' },
  403: { description: 'Whoever asks may not see this.' },
  404: { description: 'There is no such thing here, or it is not yours.' },
  410: { description: 'The position is of another life of the log: start over.' },
  503: { description: 'Stored, but not yet visible here, or the view is being built: again after Retry-After.' },
};
