import { z } from 'zod';

const idOf = <Brand extends string>(prefix: string, brand: Brand) =>
  z
    .string()
    .min(prefix.length + 1)
    .max(128)
    .regex(new RegExp(`^${prefix}[A-Za-z0-9_-]+$`), `must be ${brand} id, starting with "${prefix}"`)
    .brand<Brand>();

export const PersonId = idOf('person_', 'a person');
export type PersonId = z.infer<typeof PersonId>;
export const ConversationId = idOf('thread_', 'a thread');
export type ConversationId = z.infer<typeof ConversationId>;
export const MessageId = idOf('msg_', 'a message');
export type MessageId = z.infer<typeof MessageId>;
export const RunId = idOf('run_', 'a run');
export type RunId = z.infer<typeof RunId>;
export const FileId = idOf('file-', 'a file');
export type FileId = z.infer<typeof FileId>;
export const JobId = idOf('job_', 'a job');
export type JobId = z.infer<typeof JobId>;
export const SessionId = idOf('session_', 'a session');
export type SessionId = z.infer<typeof SessionId>;
export const RoleId = idOf('role_', 'a role');
export type RoleId = z.infer<typeof RoleId>;

/** ISO 8601 in UTC with milliseconds, exactly as `Date#toISOString` writes it. */
export const IsoTime = z.iso.datetime({ precision: 3 });
