import type { JsonObject } from '../../domain/event.ts';
import type { Permission } from '../../domain/permission.ts';
import { roleEvents } from '../../domain/role.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** A role that an administrator has made. */
export interface RoleDoc extends JsonObject {
  permissions: Permission[];
  /** The sealed texts in which each was said last. */
  name: SealedJson;
  description: SealedJson;
  definedAt: string;
}

export const roleList = view<RoleDoc, (typeof roleEvents)[number]>({
  name: 'roles',
  version: 1,
  types: roleEvents,
  indexes: [['definedAt']],
  keys: ({ data }) => [data.role],
  fold: (doc, { type, data, metadata }) => {
    if (type === 'RoleDefined') {
      const said = sealedJson(data.sealed);
      return { permissions: data.permissions, name: said, description: said, definedAt: metadata.time };
    }
    if (type === 'RoleRemoved') return 'delete';
    if (!doc) return undefined;
    if (type === 'RolePermissionsChanged') return { ...doc, permissions: data.permissions };
    return { ...doc, ...Object.fromEntries(data.fields.map((field) => [field, sealedJson(data.sealed)])) };
  },
});
