import { z } from 'zod';
import { PersonId } from '../domain/ids.ts';
import { personStream, persons } from '../domain/person.ts';
import { telemetry, telemetryStream } from '../domain/telemetry.ts';
import { command } from './command.ts';
import { administratorsOnly, anyPerson, namedPerson } from './policy.ts';

/** The door has checked the anonymous person's refresh token. */
export const claimAnonymous = command('claimAnonymous', {
  input: z.object({ anonymous: PersonId, by: PersonId }),
  stream: ({ anonymous }) => personStream(anonymous),
  policy: ({ principal, input }) => (input.by === principal.id ? namedPerson({ principal, input, state: null, owner: undefined }) : 'notFound'),
  aggregate: persons,
  subject: ({ anonymous }) => anonymous,
});

/** Records that an access token was handed out; the token itself is never stored. */
export const createToken = command('createToken', {
  input: z.object({ person: PersonId, tokenId: z.string(), scopes: z.array(z.string()), expiresAt: z.iso.datetime().optional() }),
  stream: ({ person }) => personStream(person),
  policy: administratorsOnly,
  aggregate: persons,
  subject: ({ person }) => person,
});

const Report = z.object({ kind: z.enum(['run', 'event', 'score']), name: z.string().max(255), body: z.record(z.string(), z.json()) });
export const reportClient = command('reportClient', {
  input: z.object({ day: z.iso.date(), reports: z.array(Report).min(1).max(50) }),
  stream: ({ day }, principal) => telemetryStream(principal.id, day),
  policy: anyPerson,
  aggregate: telemetry,
  subject: (_input, principal) => principal.id,
  result: (events) => ({ reportIds: events.map(({ data }) => (data as { reportId: string }).reportId) }),
});
