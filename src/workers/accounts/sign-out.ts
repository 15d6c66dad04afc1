import { v5 } from 'uuid';
import type { Tell } from '../../commands/command.ts';
import { signOutEverywhere } from '../../commands/person.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';

/** Ends all sessions and tokens because of that event, however often it is asked for. */
export const signOutFor = (tell: Tell, person: PersonId, eventId: string) =>
  tell(annals(person), signOutEverywhere({ person }), { commandId: v5('sign out', eventId), causationId: eventId });
