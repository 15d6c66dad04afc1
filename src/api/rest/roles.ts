import { z } from 'zod';
import { setModelAccess } from '../../commands/model-access.ts';
import { grantPermission, revokePermission } from '../../commands/person.ts';
import { changeRole, defineRole, removeRole } from '../../commands/role.ts';
import { RoleId } from '../../domain/ids.ts';
import { Permission } from '../../domain/permission.ts';
import { listModelAccess, listRoles } from '../../projections/queries/roles.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Roles'];
const KnownRole = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  permissions: z.array(Permission),
  definedAt: z.iso.datetime(),
});

export const roleRoutes: readonly RouteDefinition[] = routes({
  'GET /api/roles': asks(listRoles, {
    summary: 'The roles that administrators have made',
    description: 'administrator, member, viewer, auditor and analyst are always there beside them.',
    tags,
    result: z.object({ roles: z.array(KnownRole), next: z.string().optional() }),
  }),
  'POST /api/roles': tells(defineRole, {
    summary: 'Make a role of permissions',
    description: 'Each says an action, a kind of thing, and of which of them: one’s own, those shared with one, or everybody’s.',
    tags,
    status: 201,
    result: z.object({ role: RoleId }),
  }),
  'PATCH /api/roles/{role}': tells(changeRole, { summary: 'Change a role: for all who have it, within 5 s', tags, result: Done }),
  'DELETE /api/roles/{role}': tells(removeRole, { summary: 'Remove a role: whoever has it has nothing by it any more', tags, result: Done }),
  'POST /api/people/{person}/permissions/grant': tells(grantPermission, { summary: 'Permit something to this person alone', tags, result: Done }),
  'POST /api/people/{person}/permissions/revoke': tells(revokePermission, { summary: 'Take back what was permitted to it', tags, result: Done }),
  'GET /api/model-access': asks(listModelAccess, {
    summary: 'Which models only some may use',
    tags,
    result: z.object({ models: z.array(z.object({ model: z.string(), to: z.array(z.string()) })) }),
  }),
  'POST /api/model-access': tells(setModelAccess, {
    summary: 'Say who may use a model: persons and roles, or everybody (null)',
    description: '`provider/*` is for whatever of that provider has no line of its own. Administrators may use every model.',
    tags,
    result: Done,
  }),
});
