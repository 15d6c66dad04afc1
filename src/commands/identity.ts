import { z } from 'zod';
import { identities, identityStream } from '../domain/identity.ts';
import { PersonId } from '../domain/ids.ts';
import { command, type Policy } from './command.ts';
import { annalsOnly } from './policy.ts';

const identity = {
  input: z.object({ identity: z.string().min(1).max(128), person: PersonId }),
  stream: ({ identity }: { identity: string }) => identityStream(identity),
  subject: ({ person }: { person: PersonId }) => person,
  aggregate: identities,
  policy: annalsOnly as Policy,
};

/** Refused with `IdentityTaken` when it is somebody else’s. */
export const openIdentity = command('openIdentity', identity);
export const releaseIdentity = command('releaseIdentity', identity);
