import type { JsonObject } from '../../domain/event.ts';
import { SessionsEnded, SignedOutEverywhere } from '../../domain/person.ts';
import { sessionEvents } from '../../domain/session.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** A session that nobody has ended; by its age it may be over all the same. */
export interface SessionDoc extends JsonObject {
  sessionId: string;
  owner: string;
  kind: 'cookie' | 'refresh';
  method: string;
  openedAt: string;
  usedAt: string;
  device: SealedJson;
}

const types = [...sessionEvents, SessionsEnded, SignedOutEverywhere] as const;

export const openSessions = view<SessionDoc, (typeof types)[number]>({
  name: 'sessions',
  version: 1,
  types,
  indexes: [['owner', 'openedAt']],
  ownedBy: 'owner',
  keys: ({ type, data }) =>
    type === 'SessionsEnded' || type === 'SignedOutEverywhere' ? [{ index: 'owner', value: data.person }] : [data.sessionId],
  fold: (doc, event) => {
    const { time } = event.metadata;
    switch (event.type) {
      case 'SessionOpened': {
        const { sessionId, person, kind, method, sealed } = event.data;
        return { sessionId, owner: person, kind, method, openedAt: time, usedAt: time, device: sealedJson(sealed) };
      }
      case 'SessionUsed':
      case 'SessionRenewed':
        return doc && { ...doc, usedAt: time };
      case 'SessionsEnded':
        return doc?.sessionId === event.data.except ? undefined : 'delete';
      case 'SessionEnded':
      case 'SignedOutEverywhere':
        return 'delete';
      default:
        event satisfies never;
        return undefined;
    }
  },
});
