import { z } from 'zod';
import type { Role } from './role-ref.ts';

/** Kinds of things that a permission can be about. `project` is everybody's conversations, as administrators list them. */
export const Resource = z.enum([
  'conversation',
  'file',
  'collection',
  'prompt',
  'assistant',
  'model',
  'mcp-server',
  'memory',
  'provider-key',
  'project',
  'person',
  'audit',
  'analytics',
  'operation',
]);
export type Resource = z.infer<typeof Resource>;
export const Action = z.enum(['view', 'create', 'use', 'edit', 'manage', 'delete']);
export type Action = z.infer<typeof Action>;
/** Of which things: one's own, those that somebody shares with one (as far as the share goes), or everybody's. */
export const Condition = z.enum(['own', 'shared', 'all']);
export type Condition = z.infer<typeof Condition>;

export const Permission = z.strictObject({ action: Action, resource: Resource, condition: Condition });
export type Permission = z.infer<typeof Permission>;

/** A permission of a role that is always there: `*` stands for every action, or for every kind of thing, those that come later included. */
interface Held {
  readonly action: Action | '*';
  readonly resource: Resource | '*';
  readonly condition: Condition;
}

/** What a command or query asks for. A `thing` is whatever has no kind of its own: only roles with every right to their own may do something with it. */
export type Need = `${Resource | 'thing'}.${Action}`;

/** `provider/model`, or `provider/*` for all of a provider. */
export interface ModelRule {
  readonly model: string;
  readonly allowed: boolean;
}

const shared = (...actions: Action[]): Held[] => actions.map((action) => ({ action, resource: '*', condition: 'shared' }));
const all = (action: Action | '*', ...resources: Resource[]): Held[] => resources.map((resource) => ({ action, resource, condition: 'all' }));

const member: readonly Held[] = [
  { action: '*', resource: '*', condition: 'own' },
  ...shared('view', 'use', 'edit', 'manage'),
  { action: 'use', resource: 'model', condition: 'all' },
];

const builtIn: Readonly<Record<Role, readonly Held[]>> = {
  member,
  viewer: [{ action: 'view', resource: '*', condition: 'own' }, ...shared('view')],
  auditor: [...member, ...all('view', 'audit')],
  analyst: [...member, ...all('view', 'analytics')],
  administrator: [...member, ...all('view', 'audit', 'analytics', 'project', 'person', 'operation'), ...all('edit', 'operation')],
};

/** What a principal holds: by its roles, and beside them. A role that is not known, or no longer, gives nothing; so do no roles, but for anonymous visitors. */
export function permissionsOf({ kind, roles, permissions = [] }: PermissionHolder): readonly Held[] {
  if (kind === 'anonymous') return member;
  const [only, ...others] = roles;
  if (others.length === 0 && permissions.length === 0) return ofRole(only);
  return [...roles.flatMap(ofRole), ...permissions];
}
interface PermissionHolder {
  readonly kind: 'person' | 'anonymous' | 'service';
  readonly roles: readonly string[];
  readonly permissions?: readonly Permission[];
}
const ofRole = (role: string | undefined): readonly Held[] => (role !== undefined && Object.hasOwn(builtIn, role) ? builtIn[role as Role] : []);

const covers = (held: Held, { action, resource, condition }: Permission): boolean =>
  (held.action === '*' || held.action === action) &&
  (held.resource === '*' || held.resource === resource) &&
  (held.condition === 'all' || held.condition === condition);

/** Those of the permissions that whoever gives them does not hold. */
export const exceeding = (giver: PermissionHolder, given: readonly Permission[]): readonly Permission[] =>
  given.filter((permission) => !permissionsOf(giver).some((held) => covers(held, permission)));

export const permissionName = ({ resource, action, condition }: Permission): string => `${resource}.${action}:${condition}`;
