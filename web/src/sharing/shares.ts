import { z } from 'zod';
import { request } from '../api.ts';

export const levels = ['view', 'edit', 'manage'] as const;
const Share = z.object({ with: z.string(), level: z.enum(levels), name: z.string().nullable() });
const Person = z.object({ id: z.string(), name: z.string().nullable() });
export type Person = z.infer<typeof Person>;
const Role = z.object({ id: z.string(), name: z.string() });

/** The roles that are always there. */
export const usualRoles = ['administrator', 'member', 'viewer', 'auditor', 'analyst'] as const;

/** Where the shares of a thing are. */
export const sharesOfThread = (threadId: string) => `/api/conversations/${encodeURIComponent(threadId)}/shares`;
export const sharesOfPrompt = (promptId: string) => `/api/shares/prompt/${encodeURIComponent(promptId)}`;
const path = (thing: string, grantee: string) => `${thing}/${encodeURIComponent(grantee)}`;

export const fetchShares = async (thing: string) => (await request(thing, z.object({ shares: z.array(Share) }))).shares;
export const fetchRoles = async () => (await request('/api/roles', z.object({ roles: z.array(Role) }))).roles;
export const findPeople = async (search: string) =>
  (await request(`/api/directory?search=${encodeURIComponent(search)}`, z.object({ people: z.array(Person) }))).people;
export const share = (thing: string, grantee: string, level: string) =>
  request(path(thing, grantee), z.unknown(), { method: 'PUT', body: { level } });
export const unshare = (thing: string, grantee: string) => request(path(thing, grantee), z.unknown(), { method: 'DELETE' });
