import type { Access } from '../adapters/model-provider/port.ts';
import { ORGANISATION } from '../domain/provider-key.ts';
import type { UsableKey } from './provider-keys.ts';

/** Providers that use no key. */
export const WITHOUT_KEYS: readonly string[] = ['demo'];

/** A key as the provider's port takes it: a person's own address leads into no private network, unless persons may do that here. */
export type AccessOf = (key: UsableKey, secret: Pick<UsableKey, 'apiKey' | 'baseUrl'>) => Access;

export const createAccess =
  (privateAddresses: boolean): AccessOf =>
  ({ keyId, owner }, { apiKey, baseUrl }) => ({
    name: keyId,
    apiKey,
    ...(baseUrl === null ? {} : { baseURL: baseUrl, publicOnly: owner !== ORGANISATION && !privateAddresses }),
  });
