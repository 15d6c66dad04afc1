import type { JsonObject } from '../../domain/event.ts';
import { loginEvents } from '../../domain/logins.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** A way in which somebody logs in. */
export interface LoginDoc extends JsonObject {
  owner: string;
  identity: string;
  method: string;
  addedAt: string;
  account: SealedJson;
}

export const loginList = view<LoginDoc, (typeof loginEvents)[number]>({
  name: 'logins',
  version: 1,
  types: loginEvents,
  indexes: [['owner', 'addedAt']],
  ownedBy: 'owner',
  keys: ({ data }) => [`${data.person}/${data.identity}`],
  fold: (_doc, { type, data, metadata }) => {
    if (type === 'LoginRemoved') return 'delete';
    const { person, identity, method, sealed } = data;
    return { owner: person, identity, method, addedAt: metadata.time, account: sealedJson(sealed) };
  },
});
