import { z } from 'zod';
import { request } from '../api.ts';

export const levels = ['view', 'edit', 'manage'] as const;
const Share = z.object({ with: z.string(), level: z.enum(levels), name: z.string().nullable() });
const Person = z.object({ id: z.string(), name: z.string().nullable() });
export type Person = z.infer<typeof Person>;
const Role = z.object({ id: z.string(), name: z.string() });

/** The roles that are always there. */
export const usualRoles = ['administrator', 'member', 'viewer', 'auditor', 'analyst'] as const;

const path = (threadId: string, grantee = '') =>
  `/api/conversations/${encodeURIComponent(threadId)}/shares${grantee && `/${encodeURIComponent(grantee)}`}`;

export const fetchShares = async (threadId: string) => (await request(path(threadId), z.object({ shares: z.array(Share) }))).shares;
export const fetchRoles = async () => (await request('/api/roles', z.object({ roles: z.array(Role) }))).roles;
export const findPeople = async (search: string) =>
  (await request(`/api/directory?search=${encodeURIComponent(search)}`, z.object({ people: z.array(Person) }))).people;
export const share = (threadId: string, grantee: string, level: string) =>
  request(path(threadId, grantee), z.unknown(), { method: 'PUT', body: { level } });
export const unshare = (threadId: string, grantee: string) => request(path(threadId, grantee), z.unknown(), { method: 'DELETE' });
