import { z } from 'zod';
import { RoleId } from './ids.ts';

/** The roles that are always there. */
export const Role = z.enum(['administrator', 'member', 'viewer', 'auditor', 'analyst']);
export type Role = z.infer<typeof Role>;
/** One of these, or one that an administrator has made. */
export const RoleRef = z.union([Role, RoleId]);
export type RoleRef = z.infer<typeof RoleRef>;
