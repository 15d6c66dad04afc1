import { hash } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../domain/event.ts';
import { paramNames, type ResponseEntry, type RouteDefinition } from '../http/route.ts';

// zod writes JSON Schema 2020-12 itself, which is what OpenAPI 3.1 takes as it is; only its local definitions have to move to the document's own.

type Schemas = Record<string, JsonObject>;

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'instance'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What went wrong, and what to do.' },
    code: { type: 'string', description: 'Stable: what programs go by.' },
    instance: { type: 'string', format: 'uri', description: 'Names the request, as the server’s log does.' },
    details: { type: 'object', additionalProperties: true },
  },
};

/** The OpenAPI 3.1 document of these routes. */
export function openApi(routes: readonly RouteDefinition[]): JsonObject {
  const schemas: Schemas = { Problem: PROBLEM };
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, schemas) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Annals',
      version: '1',
      description:
        'The server behind a personal AI assistant that forgets nothing and can prove it. Writing takes `Idempotency-Key` (a repeat is answered, not done again), `If-Match` and `Prefer: wait=N`; reading takes `If-Min-Position`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, {}],
    tags: [...new Set(routes.flatMap(({ tags }) => tags))].map((name) => ({ name })),
    paths,
    components: { schemas, securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  };
}

function operation(route: RouteDefinition, schemas: Schemas): JsonObject {
  const { method, path, summary, description, tags, open, params, query, body, bytes, responses } = route;
  const parameters = [...parametersOf('path', params, schemas, paramNames(path)), ...parametersOf('query', query, schemas, [])];
  const content = bytes ? bytesContent(bytes.contentTypes) : body && { 'application/json': { schema: jsonSchema(body, 'input', schemas) } };
  const empty = body instanceof z.ZodObject && Object.keys(body.shape).length === 0;
  return {
    operationId: operationId(method, path),
    summary,
    ...(description ? { description } : {}),
    tags: [...tags],
    ...(open ? { security: [{}] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(content && !empty ? { requestBody: { required: bytes !== undefined || !acceptsNothing(body), content } } : {}),
    responses: Object.fromEntries(Object.entries(responses).map(([status, entry]) => [status, response(Number(status), entry, schemas)])),
  };
}

function bytesContent(contentTypes: readonly string[]): JsonObject {
  const binary = { type: 'string', format: 'binary' };
  return Object.fromEntries(
    contentTypes.map((type) => [type, { schema: type.startsWith('multipart/') ? { type: 'object', properties: { file: binary } } : binary }]),
  );
}

const acceptsNothing = (body: z.ZodType | undefined): boolean => body?.safeParse({}).success === true;

/** `getApiConversationsConversationId` */
const operationId = (method: string, path: string): string =>
  method.toLowerCase() +
  path
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

function response(status: number, { description, contentType, schema }: ResponseEntry, schemas: Schemas): JsonObject {
  if (status >= 400 && !schema) return { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
  return {
    description,
    ...(schema || contentType
      ? { content: { [contentType ?? 'application/json']: { schema: schema ? jsonSchema(schema, 'output', schemas) : { type: 'string' } } } }
      : {}),
  };
}

function parametersOf(place: 'path' | 'query', schema: z.ZodType | undefined, schemas: Schemas, names: readonly string[]): JsonObject[] {
  const shape: Record<string, z.ZodType> = schema instanceof z.ZodObject ? schema.shape : {};
  return [...new Set([...names, ...Object.keys(shape)])].map((name) => {
    const field = shape[name];
    return {
      name,
      in: place,
      required: place === 'path' || field?.safeParse(undefined).success === false,
      schema: field ? jsonSchema(field, 'input', schemas) : { type: 'string' },
    };
  });
}

/** The schema, its local definitions moved to the document's components under names of their own. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Schemas): JsonObject {
  const { $schema: _dialect, $defs = {}, ...made } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const names = new Map(Object.entries($defs).map(([local, definition]) => [local, globalName(local, definition)]));
  for (const [local, name] of names) schemas[name] = rewritten($defs[local], names);
  return rewritten(made, names);
}

/** What refers to itself gets the same name wherever it is used; zod's own `json` a plain one. */
function globalName(local: string, definition: unknown): string {
  if (!local.startsWith('__schema')) return local;
  const text = JSON.stringify(definition).replaceAll(`"#/$defs/${local}"`, '"#"');
  return text === ANY_JSON ? 'Json' : `Recursive_${hash('sha256', text).slice(0, 8)}`;
}

const ANY_JSON = (() => {
  const { $schema: _dialect, ...made } = z.toJSONSchema(z.json());
  return JSON.stringify(made);
})();

function rewritten(schema: unknown, names: ReadonlyMap<string, string>): JsonObject {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => {
      const local = key === '$ref' && typeof value === 'string' ? /^#\/\$defs\/(.+)$/.exec(value)?.[1] : undefined;
      return local === undefined ? value : `#/components/schemas/${names.get(local) ?? local}`;
    }),
  );
}
