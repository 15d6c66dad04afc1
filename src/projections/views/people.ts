import type { JsonObject } from '../../domain/event.ts';
import { type Permission, permissionName } from '../../domain/permission.ts';
import { grantEvents, standingEvents } from '../../domain/person.ts';
import type { RoleRef } from '../../domain/principal.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** How a person stands here. Somebody who only ever came with a token is not registered: its roles are those of the token. */
export interface PersonDoc extends JsonObject {
  registered: boolean;
  disabled: boolean;
  roles: RoleRef[];
  /** Granted to it alone. */
  permissions: Permission[];
  /** Nothing but keeping may be done with what is theirs. */
  restricted: boolean;
  /** Analysts see nothing of them. */
  objects: boolean;
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
  permissions: [],
  via: null,
  profile: {},
  registeredAt: null,
};

const types = [...standingEvents, ...grantEvents] as const;

export const people = view<PersonDoc, (typeof types)[number]>({
  name: 'people',
  version: 3,
  types,
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
      case 'PermissionGranted':
        return { ...doc, permissions: [...without(doc, event.data.permission), event.data.permission] };
      case 'PermissionRevoked':
        return { ...doc, permissions: without(doc, event.data.permission) };
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

const without = ({ permissions }: PersonDoc, permission: Permission): Permission[] =>
  permissions.filter((known) => permissionName(known) !== permissionName(permission));
export const isRegisteredAdministrator = ({ registered, disabled, roles }: PersonDoc): boolean =>
  registered && !disabled && roles.includes('administrator');
