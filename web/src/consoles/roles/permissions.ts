import { z } from 'zod';

export const actions = ['view', 'create', 'use', 'edit', 'manage', 'delete'] as const;
export const conditions = ['own', 'shared', 'all'] as const;
export const resources = [
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
] as const;
export const Permission = z.object({ action: z.string(), resource: z.string(), condition: z.string() });
export const nameOf = ({ action, resource, condition }: z.infer<typeof Permission>): string => `${action} ${resource} (${condition})`;

const everybodys: Readonly<Record<string, readonly string[]>> = {
  model: ['use'],
  project: ['view'],
  person: ['view'],
  audit: ['view'],
  analytics: ['view'],
  operation: ['view', 'edit'],
};
const sharedActions: readonly string[] = ['view', 'use', 'edit', 'manage'];

/** The permissions that administrators have to give, of one kind of thing. */
export function offered(resource: string): readonly z.infer<typeof Permission>[] {
  const all = (everybodys[resource] ?? []).map((action) => ({ action, resource, condition: 'all' }));
  if (all.length > 0) return all;
  return actions.flatMap((action) => [
    { action, resource, condition: 'own' },
    ...(sharedActions.includes(action) ? [{ action, resource, condition: 'shared' }] : []),
  ]);
}
