import type { JsonObject } from '../../domain/event.ts';
import { standingEvents } from '../../domain/person.ts';
import type { Role } from '../../domain/principal.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** How a person stands here. Somebody who only ever came with a token is not registered: its roles are those of the token. */
export interface PersonDoc extends JsonObject {
  registered: boolean;
  disabled: boolean;
  /** Nothing but keeping may be done with what is theirs. */
  restricted: boolean;
  /** Analysts see nothing of them. */
  objects: boolean;
  roles: Role[];
  via: string | null;
  /** By field: the sealed profile in which it was said last. */
  profile: { [field: string]: SealedJson };
  registeredAt: string | null;
}

const stranger: PersonDoc = {
  registered: false,
  disabled: false,
  restricted: false,
  objects: false,
  roles: [],
  via: null,
  profile: {},
  registeredAt: null,
};

export const people = view<PersonDoc, (typeof standingEvents)[number]>({
  name: 'people',
  version: 2,
  types: standingEvents,
  indexes: [['registered', 'registeredAt']],
  keys: ({ data }) => [data.person],
  fold: (known, event) => {
    const doc = known ?? stranger;
    const { time } = event.metadata;
    switch (event.type) {
      case 'PersonRegistered':
        return { ...doc, registered: true, roles: event.data.roles, via: event.data.via, registeredAt: time };
      case 'ProfileChanged': {
        const said = sealedJson(event.data.sealed);
        return { ...doc, profile: { ...doc.profile, ...Object.fromEntries(event.data.fields.map((field) => [field, said])) } };
      }
      case 'RolesChanged':
        return { ...doc, roles: event.data.roles };
      case 'PersonDisabled':
        return { ...doc, disabled: true };
      case 'PersonEnabled':
        return { ...doc, disabled: false };
      case 'ProcessingRestrictionSet':
        return { ...doc, restricted: event.data.restricted };
      case 'AnalyticsObjectionSet':
        return { ...doc, objects: event.data.objects };
      case 'PersonErased':
        return known && 'delete';
      default:
        event satisfies never;
        return undefined;
    }
  },
});

export const isRegisteredAdministrator = ({ registered, disabled, roles }: PersonDoc): boolean =>
  registered && !disabled && roles.includes('administrator');
