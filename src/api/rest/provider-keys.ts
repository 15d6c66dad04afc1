import { z } from 'zod';
import * as commands from '../../commands/provider-key.ts';
import { KeyRotation, KeyScopes, ProviderKeyId } from '../../domain/provider-key.ts';
import { getProviderKey, listProviderKeys } from '../../projections/queries/provider-keys.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Keys of outside services'];
const Time = z.string().meta({ format: 'date-time' });

const ProviderKey = z.object({
  id: z.string(),
  owner: z.enum(['self', 'organisation']),
  number: z.int(),
  provider: z.string(),
  description: z.string(),
  baseUrl: z.string().nullable().describe('Where the key is sent; null: where the installation finds this service.'),
  lastFour: z.string().describe('All that is ever shown of the key; empty where it is short.'),
  scopes: KeyScopes,
  rotation: KeyRotation,
  createdAt: Time,
  rotatedAt: Time,
  previousUntil: Time.nullable().describe('Until then the key before is tried where this one is refused.'),
  remindFrom: Time.nullable(),
  rotateBy: Time.nullable(),
  lastUsedAt: Time.nullable().describe('To the hour.'),
  uses: z.int(),
});

export const providerKeyRoutes: readonly RouteDefinition[] = routes({
  'GET /api/provider-keys': asks(listProviderKeys, {
    summary: 'One’s own keys of outside services, or with `?owner=organisation` those that administrators gave to everybody',
    tags,
    result: z.object({ keys: z.array(ProviderKey) }),
  }),
  'POST /api/provider-keys': tells(commands.registerProviderKey, {
    summary: 'Register a key of an outside service',
    description: 'For oneself, or by an administrator for everybody. The key is encrypted, used, and never shown again.',
    tags,
    status: 201,
    result: z.object({ keyId: ProviderKeyId }),
    location: ({ keyId }) => `/api/provider-keys/${keyId}`,
  }),
  'GET /api/provider-keys/{keyId}': asks(getProviderKey, { summary: 'One key, without the key itself', tags, result: ProviderKey }),
  'PATCH /api/provider-keys/{keyId}': tells(commands.changeProviderKey, {
    summary: 'Change its description, what may use it, or when it has to be rotated',
    tags,
    result: Done,
  }),
  'POST /api/provider-keys/{keyId}/rotate': tells(commands.rotateProviderKey, {
    summary: 'Put a new key in its place',
    description: 'The one before is tried for `graceHours` more where the new one is refused. The address is given anew, or is the installation’s.',
    tags,
    result: Done,
  }),
  'DELETE /api/provider-keys/{keyId}': tells(commands.removeProviderKey, {
    summary: 'Remove it for good: the keys under which it was encrypted are destroyed',
    tags,
    result: Done,
  }),
});
