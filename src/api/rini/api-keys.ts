import { z } from 'zod';
import type { Told } from '../../commands/command.ts';
import { changeProviderKey, registerProviderKey, removeProviderKey, rotateProviderKey } from '../../commands/provider-key.ts';
import { usualRotation } from '../../domain/provider-key.ts';
import { listProviderKeys, type ProviderKeyInfo } from '../../projections/queries/provider-keys.ts';
import { type Answer, json } from '../http/answer.ts';
import { idempotencyKey } from '../http/preconditions.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type ErrorForm, type RouteDefinition, route } from '../http/route.ts';
import { detailed } from './errors.ts';

const tags = ['Rini: API keys'];
const API_KEYS = '/api-keys/';
const API_KEY = '/api-keys/{api_key_id}';

/** Rini's name of a service where ours is another. */
const ours: Readonly<Record<string, string>> = { google: 'gemini' };
const theirs: Readonly<Record<string, string>> = { gemini: 'google' };

const Secret = { api_key: z.string().optional(), api_key_value: z.string().optional() };
const Description = z.string().max(500).nullish();
const NewKey = z.object({ model_provider: z.string(), ...Secret, description: Description });
const ChangedKey = z.object({ model_provider: z.string().optional(), ...Secret, description: Description });
const Key = z.object({
  id: z.int(),
  user_id: z.string(),
  model_provider: z.string(),
  description: z.string().nullable(),
  last_four: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
});
const Params = z.object({ api_key_id: z.string().max(128) });
const Page = z.object({ skip: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(100).default(10) });

type Request = Pick<RouteRequest, 'ask' | 'principal'>;

const keyJson = ({ principal }: Request, key: ProviderKeyInfo): z.output<typeof Key> => ({
  id: key.number,
  user_id: principal.id,
  model_provider: theirs[key.provider] ?? key.provider,
  description: key.description === '' ? null : key.description,
  last_four: key.lastFour,
  created_at: key.createdAt,
  updated_at: key.rotatedAt,
});

/** What does not fit the schema, as FastAPI says it; everything else as `{ detail }`. */
const errors: ErrorForm = (error, requestId) => {
  if (error.code !== 'InvalidInput') return detailed(error, requestId);
  const detail = error.message.split('; ').map((line) => {
    const [, field, msg = line] = /^([\w.]+): (.*)$/s.exec(line) ?? [];
    return { loc: ['body', ...(field?.split('.') ?? [])], msg, type: 'value_error' };
  });
  return { status: 422, json: { detail } };
};

const asHttp = ({ code, message }: { code: string; message: string }): HttpError => new HttpError(code, message);

function done<Result>(told: Told<Result>): Extract<Told<Result>, { ok: true }> {
  if (told.ok) return told;
  throw told.error.code === 'KeyMissing' ? new HttpError('InvalidInput', 'api_key: Field required') : asHttp(told.error);
}

async function ownKeys({ ask }: Request, after?: string): Promise<readonly ProviderKeyInfo[]> {
  const asked = await ask(listProviderKeys({ owner: 'self' }), after === undefined ? {} : { after });
  if (!asked.ok) throw asHttp(asked.error);
  return asked.data.keys;
}

/** By its number among one's own, or by our id of it: so another's is not there. */
async function ownKey(request: Request, id: string, after?: string): Promise<ProviderKeyInfo> {
  const found = (await ownKeys(request, after)).find((key) => String(key.number) === id || key.id === id);
  if (found) return found;
  throw new HttpError('NotFound', 'API key not found');
}

const secretOf = ({ api_key: short, api_key_value: long }: { api_key?: string | undefined; api_key_value?: string | undefined }) => {
  const apiKey = short ?? long;
  return apiKey === undefined ? {} : { apiKey };
};

const shared = { tags, errors };
const one = { 200: { description: 'The key, without the key itself.', schema: Key } };
const refusals = {
  401: { description: 'Nobody’s.' },
  404: { description: 'Not there, or another’s.' },
  422: { description: 'Does not fit the schema.' },
};

/** The keys of one's own, as Rini's clients manage them. */
export const apiKeyRoutes: readonly RouteDefinition[] = [
  route({
    ...shared,
    method: 'POST',
    path: API_KEYS,
    summary: 'Register a key of a model provider',
    body: NewKey,
    responses: { 201: { description: 'Registered.', schema: Key }, ...refusals },
    handle: async (request): Promise<Answer> => {
      const { model_provider: provider, description } = request.body;
      const key = idempotencyKey(request.req);
      // Who may not read would not get the answer: then nothing is made.
      await ownKeys(request);
      const command = registerProviderKey({
        owner: 'self',
        scopes: {},
        rotation: usualRotation,
        provider: ours[provider] ?? provider,
        ...secretOf(request.body),
        description: description ?? '',
      });
      const { result, position } = done(await request.tell(command, key === undefined ? {} : { key }));
      return json(201, keyJson(request, await ownKey(request, result.keyId, position)));
    },
  }),
  route({
    ...shared,
    method: 'GET',
    path: API_KEYS,
    summary: 'One’s own keys of model providers',
    query: Page,
    responses: { 200: { description: 'In the order in which they came.', schema: z.array(Key) }, ...refusals },
    handle: async (request): Promise<Answer> => {
      const { skip, limit } = request.query;
      return json(
        200,
        (await ownKeys(request)).slice(skip, skip + limit).map((key) => keyJson(request, key)),
      );
    },
  }),
  route({
    ...shared,
    method: 'GET',
    path: API_KEY,
    summary: 'One key',
    params: Params,
    responses: { ...one, ...refusals },
    handle: async (request): Promise<Answer> => json(200, keyJson(request, await ownKey(request, request.params.api_key_id))),
  }),
  route({
    ...shared,
    method: 'PUT',
    path: API_KEY,
    summary: 'Change its description, or put a new key in its place',
    params: Params,
    body: ChangedKey,
    responses: { ...one, ...refusals },
    handle: async (request): Promise<Answer> => {
      const { id: keyId, provider } = await ownKey(request, request.params.api_key_id);
      const { model_provider: wanted = provider, description } = request.body;
      if ((ours[wanted] ?? wanted) !== provider) throw new HttpError('InvalidInput', 'model_provider: cannot be changed, register another key');
      const secret = secretOf(request.body);
      let position: string | undefined;
      if (secret.apiKey !== undefined) position = done(await request.tell(rotateProviderKey({ keyId, ...secret }))).position;
      if (description !== undefined) position = done(await request.tell(changeProviderKey({ keyId, description: description ?? '' }))).position;
      return json(200, keyJson(request, await ownKey(request, keyId, position)));
    },
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: API_KEY,
    summary: 'Delete it for good',
    params: Params,
    responses: { 204: { description: 'Deleted.' }, ...refusals },
    handle: async (request): Promise<Answer> => {
      const { id: keyId } = await ownKey(request, request.params.api_key_id);
      done(await request.tell(removeProviderKey({ keyId })));
      return { status: 204 };
    },
  }),
];
