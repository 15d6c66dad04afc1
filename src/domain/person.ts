import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventMetadata, type EventOf, event, sealed } from './event.ts';
import { JobId, PersonId, SessionId } from './ids.ts';
import { Permission, permissionName } from './permission.ts';
import { Role, RoleRef } from './role-ref.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const profile = {
  name: z.string().max(255).nullish(),
  email: z.string().max(320).nullish(),
  picture: z.string().max(2048).nullish(),
  language: z.string().max(35).nullish(),
  timeZone: z.string().max(64).nullish(),
};
/** What a person says about itself; `null` takes it away. */
export const Profile = z.object(profile);
export type Profile = z.infer<typeof Profile>;
const person = { person: PersonId };
/** How somebody came to be known here. */
export const Via = z.enum(['registration', 'administrator', 'proxy', 'invitation']);

/** Of an anonymous person, or of the local one, on its own stream: from now on what was its own is the claimer's. */
export const AnonymousClaimed = event('AnonymousClaimed', 1, { anonymous: PersonId, by: PersonId });
export const TokenCreated = event('TokenCreated', 1, { tokenId: z.string(), scopes: z.array(z.string()), expiresAt: z.iso.datetime().optional() });
/** From then on the token stands for nobody: at once, or when the one that takes its place has been put everywhere. */
export const TokenRevoked = event('TokenRevoked', 1, { tokenId: z.string(), from: z.iso.datetime() });
export const PersonRegistered = event('PersonRegistered', 1, { ...person, via: Via, roles: z.array(Role) });
/** Which of the fields it sets stands beside them, so that views need not open them. */
export const ProfileChanged = event('ProfileChanged', 1, { ...person, fields: z.array(z.string()), ...sealed(profile) });
/** Version 1 knew only the roles that are always there. */
export const RolesChanged = event('RolesChanged', 2, { ...person, before: z.array(RoleRef), roles: z.array(RoleRef) });
/** Beside its roles, to this person alone. */
export const PermissionGranted = event('PermissionGranted', 1, { ...person, permission: Permission });
export const PermissionRevoked = event('PermissionRevoked', 1, { ...person, permission: Permission });
export const PersonDisabled = event('PersonDisabled', 1, person);
export const PersonEnabled = event('PersonEnabled', 1, person);
/** Whatever token was handed out before stands for nobody any more. */
export const SignedOutEverywhere = event('SignedOutEverywhere', 1, person);
/** Every session opened before is over, but for the one it was asked for in; access tokens stay. */
export const SessionsEnded = event('SessionsEnded', 1, { ...person, except: SessionId.optional() });

export const grantEvents = [PermissionGranted, PermissionRevoked] as const;
/** The account is closed for good, and the job destroys what it holds. No event of this person comes after it. */
export const PersonErased = event('PersonErased', 1, { ...person, jobId: JobId });
/** Article 18 of the GDPR: what is there is kept, and nothing else is done with it. */
export const ProcessingRestrictionSet = event('ProcessingRestrictionSet', 1, { ...person, restricted: z.boolean() });
/** Article 21: nothing of this person's is counted, measured or shown to analysts. */
export const AnalyticsObjectionSet = event('AnalyticsObjectionSet', 1, { ...person, objects: z.boolean() });

const privacyEvents = [PersonErased, ProcessingRestrictionSet, AnalyticsObjectionSet] as const;
export const standingEvents = [PersonRegistered, ProfileChanged, RolesChanged, PersonDisabled, PersonEnabled, ...privacyEvents] as const;
export const tokenEvents = [TokenCreated, TokenRevoked] as const;
export const personEvents = [AnonymousClaimed, ...tokenEvents, ...standingEvents, ...grantEvents, SignedOutEverywhere, SessionsEnded] as const;
type PersonEvent = EventOf<(typeof personEvents)[number]>;

export interface Person {
  claimedBy?: PersonId;
  registered?: true;
  disabled?: true;
  /** By this job. */
  erased?: JobId;
  restricted?: true;
  objects?: true;
  signedOutAt?: string;
  sessionsEnded?: { readonly at: string; readonly except?: SessionId | undefined };
  roles: readonly RoleRef[];
  /** Permissions beside the roles, by their names. */
  readonly grants: Map<string, Permission>;
  /** By id: from when on each stands for nobody, where that has been said. */
  readonly tokens: Map<string, string | undefined>;
}

type Of<Name extends string, Fields = unknown> = { name: Name; person: PersonId } & Fields;
export type PersonCommand =
  | { name: 'claimAnonymous'; anonymous: PersonId; by: PersonId }
  | { name: 'claimLocal'; by: PersonId }
  | { name: 'createToken'; tokenId: string; scopes: string[]; expiresAt?: string }
  | { name: 'revokeToken'; tokenId: string; graceMs: number }
  | Of<'registerPerson', { via: z.infer<typeof Via>; roles: Role[]; profile: Profile }>
  | Of<'changeProfile', { profile: Profile }>
  | Of<'changeRoles', { roles: RoleRef[] }>
  | Of<'grantPermission' | 'revokePermission', { permission: Permission }>
  | Of<'disablePerson'>
  | Of<'enablePerson'>
  | Of<'erasePerson', { jobId?: JobId }>
  | Of<'restrictProcessing', { restricted: boolean }>
  | Of<'objectToAnalytics', { objects: boolean }>
  | Of<'signOutEverywhere'>
  | Of<'endSessions', { except?: SessionId }>;

export const personStream = (id: string): string => `person-${id}`;
export const ANONYMOUS_PREFIX = 'person_anon_';
export const isAnonymous = (id: string): boolean => id.startsWith(ANONYMOUS_PREFIX);
/** Annals itself, where a part of it acts. */
export const ANNALS = PersonId.parse('person_annals');
/** Who did something; where Annals did, it did so for whose data it is. */
export const doneFor = ({ actor, subject }: Pick<EventMetadata, 'actor' | 'subject'>): PersonId => (actor === ANNALS ? subject : (actor as PersonId));
/** Whoever sits at the machine, where nobody logs in. */
export const LOCAL_PERSON = PersonId.parse('person_local');
/** What is theirs may become somebody else's, who has a login. */
export const isClaimable = (id: string): boolean => isAnonymous(id) || id === LOCAL_PERSON;

export const persons: Decider<Person, PersonCommand, PersonEvent> = {
  initialState: () => ({ roles: [], grants: new Map(), tokens: new Map() }),
  evolve: (state, event) => {
    switch (event.type) {
      case 'AnonymousClaimed':
        state.claimedBy = event.data.by;
        return state;
      case 'TokenCreated':
        state.tokens.set(event.data.tokenId, undefined);
        return state;
      case 'TokenRevoked':
        state.tokens.set(event.data.tokenId, event.data.from);
        return state;
      case 'PersonRegistered':
        return Object.assign(state, { registered: true, roles: event.data.roles });
      case 'RolesChanged':
        state.roles = event.data.roles;
        return state;
      case 'PermissionGranted':
        state.grants.set(permissionName(event.data.permission), event.data.permission);
        return state;
      case 'PermissionRevoked':
        state.grants.delete(permissionName(event.data.permission));
        return state;
      case 'PersonDisabled':
        state.disabled = true;
        return state;
      case 'PersonEnabled':
        delete state.disabled;
        return state;
      case 'SignedOutEverywhere':
        state.signedOutAt = event.metadata.time;
        return state;
      case 'PersonErased':
        state.erased = event.data.jobId;
        return state;
      case 'ProcessingRestrictionSet':
        return flagged(state, 'restricted', event.data.restricted);
      case 'AnalyticsObjectionSet':
        return flagged(state, 'objects', event.data.objects);
      case 'SessionsEnded':
        state.sessionsEnded = { at: event.metadata.time, except: event.data.except };
        return state;
      case 'ProfileChanged':
        return state;
      default:
        event satisfies never;
        return state;
    }
  },
  decide: (command, state, { now, actor, newId }) => {
    if (state.erased !== undefined) return refuse('PersonErased', 'This person has been erased: nothing can be done with it any more.');
    switch (command.name) {
      case 'claimAnonymous':
      case 'claimLocal': {
        const anonymous = command.name === 'claimLocal' ? LOCAL_PERSON : command.anonymous;
        if (command.name === 'claimAnonymous' && !isAnonymous(anonymous)) return refuse('NotFound', 'There is no such anonymous visitor.');
        if (isClaimable(command.by)) return refuse('NotFound', 'Only a person who logs in takes anything over.');
        if (state.claimedBy === command.by) return [];
        if (state.claimedBy) return refuse('AlreadyClaimed', 'These threads have been taken over by somebody else.');
        return [AnonymousClaimed({ anonymous, by: command.by })];
      }
      case 'createToken':
        return [TokenCreated({ tokenId: command.tokenId, scopes: command.scopes, expiresAt: command.expiresAt })];
      case 'revokeToken': {
        if (!state.tokens.has(command.tokenId)) return refuse('NotFound', 'There is no such token, or it is not yours.');
        const from = new Date(Date.parse(now) + command.graceMs).toISOString();
        const before = state.tokens.get(command.tokenId);
        return before !== undefined && before <= from ? [] : [TokenRevoked({ tokenId: command.tokenId, from })];
      }
      case 'registerPerson': {
        if (state.registered) return refuse('AlreadyRegistered', 'This person is known already.');
        const { person, via, roles, profile } = command;
        return [PersonRegistered({ person, via, roles }), ...profileChange(person, profile)];
      }
      case 'changeProfile':
        return profileChange(command.person, command.profile);
      case 'changeRoles': {
        const { person, roles } = command;
        if (!state.registered) return unknown;
        if (person === actor && !roles.includes('administrator'))
          return refuse('OwnRole', 'Nobody takes the administrator’s role from oneself: ask another administrator.');
        return sameRoles(state.roles, roles) ? [] : [RolesChanged({ person, before: [...state.roles], roles })];
      }
      case 'grantPermission': {
        const { person, permission } = command;
        if (!state.registered) return unknown;
        if (state.grants.has(permissionName(permission))) return [];
        if (state.grants.size >= MOST_GRANTS) return refuse('TooManyGrants', `There are ${MOST_GRANTS} grants already: make a role of them.`);
        return [PermissionGranted({ person, permission })];
      }
      case 'revokePermission':
        return state.grants.has(permissionName(command.permission))
          ? [PermissionRevoked({ person: command.person, permission: command.permission })]
          : [];
      case 'disablePerson':
        if (!state.registered) return unknown;
        if (command.person === actor) return refuse('OwnAccount', 'Nobody disables oneself: ask another administrator.');
        return state.disabled ? [] : [PersonDisabled({ person: command.person })];
      case 'enablePerson':
        if (!state.registered) return unknown;
        return state.disabled ? [PersonEnabled({ person: command.person })] : [];
      case 'erasePerson':
        if (command.person === LOCAL_PERSON && state.claimedBy === undefined) return refuse('LocalPerson', whoIsLocal);
        return [PersonErased({ person: command.person, jobId: command.jobId ?? (newId('job_') as JobId) })];
      case 'restrictProcessing':
        if ((state.restricted === true) === command.restricted) return [];
        return [ProcessingRestrictionSet({ person: command.person, restricted: command.restricted })];
      case 'objectToAnalytics':
        if ((state.objects === true) === command.objects) return [];
        return [AnalyticsObjectionSet({ person: command.person, objects: command.objects })];
      case 'signOutEverywhere':
        return [SignedOutEverywhere({ person: command.person })];
      case 'endSessions':
        return [SessionsEnded({ person: command.person, except: command.except })];
      default:
        return command satisfies never;
    }
  },
};

const whoIsLocal = 'The local person is whoever sits at this machine: stop the server and delete its data folder instead.';

function flagged(state: Person, flag: 'restricted' | 'objects', on: boolean): Person {
  if (on) state[flag] = true;
  else delete state[flag];
  return state;
}

const unknown = refuse('NotFound', 'There is no such person.');
const MOST_GRANTS = 100;
const sameRoles = (some: readonly RoleRef[], others: readonly RoleRef[]): boolean =>
  new Set([...some, ...others]).size === some.length && some.length === others.length;

function profileChange(person: PersonId, profile: Profile): [] | [ReturnType<typeof ProfileChanged>] {
  const given = Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined));
  const fields = Object.keys(given);
  return fields.length === 0 ? [] : [ProfileChanged({ person, fields, ...given })];
}
