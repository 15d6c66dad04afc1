import { v5 } from 'uuid';
import type { Tell } from '../../commands/command.ts';
import { endSessions, signOutEverywhere } from '../../commands/person.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId, SessionId } from '../../domain/ids.ts';

/** Ends all sessions and tokens because of that event, however often it is asked for. */
export const signOutFor = (tell: Tell, person: PersonId, eventId: string) =>
  tell(annals(person), signOutEverywhere({ person }), { commandId: v5('sign out', eventId), causationId: eventId });

/** Ends the sessions of the person but for one, because of that event. */
export const endOthersFor = (tell: Tell, person: PersonId, eventId: string, except: SessionId | undefined) =>
  tell(annals(person), endSessions({ person, ...(except === undefined ? {} : { except }) }), {
    commandId: v5('end sessions', eventId),
    causationId: eventId,
  });
