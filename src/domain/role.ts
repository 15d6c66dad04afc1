import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event, sealed } from './event.ts';
import { RoleId } from './ids.ts';
import { Permission, permissionName } from './permission.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const of = { role: RoleId };
const about = { name: z.string().optional(), description: z.string().optional() };
export const RoleDefined = event('RoleDefined', 1, { ...of, permissions: z.array(Permission), ...sealed(about) });
/** Which of the texts it sets stands beside them, so that views need not open them. */
export const RoleDescribed = event('RoleDescribed', 1, { ...of, fields: z.array(z.enum(['name', 'description'])), ...sealed(about) });
export const RolePermissionsChanged = event('RolePermissionsChanged', 1, { ...of, before: z.array(Permission), permissions: z.array(Permission) });
/** Whoever still has it has nothing by it. */
export const RoleRemoved = event('RoleRemoved', 1, of);
export const roleEvents = [RoleDefined, RoleDescribed, RolePermissionsChanged, RoleRemoved] as const;

export interface DefinedRole {
  status: 'absent' | 'defined' | 'removed';
  permissions: readonly Permission[];
}

export type RoleCommand =
  | { name: 'defineRole'; title: string; description: string; permissions: Permission[] }
  | { name: 'changeRole'; role: RoleId; title?: string; description?: string; permissions?: Permission[] }
  | { name: 'removeRole'; role: RoleId };

export const roleStream = (id: string): string => `role-${id}`;

/** A role that an administrator has made: a set of permissions. */
export const definedRoles: Decider<DefinedRole, RoleCommand, EventOf<(typeof roleEvents)[number]>> = {
  initialState: () => ({ status: 'absent', permissions: [] }),
  evolve: (state, { type, data }) => {
    switch (type) {
      case 'RoleDefined':
        return { status: 'defined', permissions: data.permissions };
      case 'RolePermissionsChanged':
        state.permissions = data.permissions;
        return state;
      case 'RoleRemoved':
        return { status: 'removed', permissions: [] };
      case 'RoleDescribed':
        return state;
      default:
        (type) satisfies never;
        return state;
    }
  },
  decide: (command, state, { newId }) => {
    if (command.name === 'defineRole') {
      const { title: name, description, permissions } = command;
      return [RoleDefined({ role: newId('role_') as RoleId, permissions: distinct(permissions), name, description })];
    }
    const { role } = command;
    if (state.status === 'removed' && command.name === 'removeRole') return [];
    if (state.status !== 'defined') return refuse('NotFound', 'There is no such role.');
    if (command.name === 'removeRole') return [RoleRemoved({ role })];
    const { title: name, description, permissions } = command;
    return [
      ...(name === undefined && description === undefined
        ? []
        : [
            RoleDescribed({
              role,
              fields: [...(name === undefined ? [] : ['name' as const]), ...(description === undefined ? [] : ['description' as const])],
              name,
              description,
            }),
          ]),
      ...(permissions === undefined || isSame(permissions, state.permissions)
        ? []
        : [RolePermissionsChanged({ role, before: [...state.permissions], permissions: distinct(permissions) })]),
    ];
  },
};

const distinct = (permissions: readonly Permission[]): Permission[] => [
  ...new Map(permissions.map((permission) => [permissionName(permission), permission])).values(),
];
const namesOf = (permissions: readonly Permission[]): string => [...new Set(permissions.map(permissionName))].sort().join(' ');
const isSame = (some: readonly Permission[], others: readonly Permission[]): boolean => namesOf(some) === namesOf(others);
