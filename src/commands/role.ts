import { z } from 'zod';
import type { RecordedEvent } from '../domain/event.ts';
import { RoleId } from '../domain/ids.ts';
import { Permission } from '../domain/permission.ts';
import { ORGANISATION } from '../domain/provider-key.ts';
import { type DefinedRole, definedRoles, roleStream } from '../domain/role.ts';
import { command, firstDataOf, type Policy } from './command.ts';
import { giversOnly } from './policy.ts';

const Title = z.string().trim().min(1).max(100);
const Description = z.string().max(500);
const Permissions = z.array(Permission).min(1).max(200);

const written = {
  stream: ({ role }: { role: RoleId }) => roleStream(role),
  aggregate: definedRoles,
  subject: () => ORGANISATION,
};

/** A role is a set of permissions: nobody makes one of more than they have themselves. */
export const defineRole = command('defineRole', {
  input: z.object({ title: Title, description: Description.default(''), permissions: Permissions }),
  ...written,
  stream: (_input, _principal, newId) => roleStream(newId('role_')),
  policy: giversOnly(({ permissions }) => permissions),
  result: (events: readonly RecordedEvent[]) => ({ role: firstDataOf<{ role: RoleId }>(events).role }),
});
export const changeRole = command('changeRole', {
  input: z.object({ role: RoleId, title: Title.optional(), description: Description.optional(), permissions: Permissions.optional() }),
  ...written,
  policy: giversOnly(({ permissions = [] }) => permissions),
});
export const removeRole = command('removeRole', {
  input: z.object({ role: RoleId }),
  ...written,
  policy: giversOnly(() => []) as Policy<unknown, DefinedRole>,
});
