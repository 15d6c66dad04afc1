import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shareConversation, unshareConversation } from '../../src/commands/share.ts';
import { ConversationShared, ConversationStarted, ConversationUnshared, conversations } from '../../src/domain/conversation/index.ts';
import type { ConversationId, PersonId } from '../../src/domain/ids.ts';
import { Action, Condition, exceeding, type Permission, permissionsOf, Resource } from '../../src/domain/permission.ts';
import { type Principal, Role } from '../../src/domain/principal.ts';
import { ShareLevel } from '../../src/domain/share.ts';
import { listed, may, mayEver, mayUseModel } from '../../src/permissions/ability.ts';
import { given } from '../harness/given.ts';

const conversationId = 'thread_1' as ConversationId;
const bob = 'person_bob' as PersonId;
const begun = ConversationStarted({ conversationId, titled: false });
const shared = ConversationShared({ conversationId, with: bob, level: 'view' });

describe('a share', () => {
  const thread = (...history: Parameters<typeof given>[1] & object) => given(conversations, [begun, ...history], 'person_ada');
  test('is written once', () => thread(shared).when(shareConversation({ conversationId, with: bob, level: 'view' })).then([]));
  test('is changed by sharing again', () =>
    thread(shared)
      .when(shareConversation({ conversationId, with: bob, level: 'edit' }))
      .then([ConversationShared({ conversationId, with: bob, level: 'edit' })]));
  test('with whose it is, is none', () =>
    thread()
      .when(shareConversation({ conversationId, with: 'person_ada' as PersonId, level: 'view' }))
      .refused('OwnShare'));
  test('ends once', () => {
    thread(shared).when(unshareConversation({ conversationId, with: bob })).then([ConversationUnshared({ conversationId, with: bob })]);
    thread().when(unshareConversation({ conversationId, with: bob })).then([]);
  });
});

const permission: fc.Arbitrary<Permission> = fc.record({
  action: fc.constantFrom(...Action.options),
  resource: fc.constantFrom(...Resource.options),
  condition: fc.constantFrom(...Condition.options),
});
const id = fc.constantFrom('person_ada', 'person_bob', 'person_cid') as fc.Arbitrary<PersonId>;
const role = fc.constantFrom(...Role.options, 'role_one', 'role_gone', 'pending', '__proto__', 'constructor');
const principal: fc.Arbitrary<Principal> = fc.record({
  id,
  kind: fc.constant('person' as const),
  roles: fc.array(role, { maxLength: 3 }) as fc.Arbitrary<never>,
  permissions: fc.array(permission, { maxLength: 4 }),
});
const shares = fc.array(fc.tuple(fc.oneof(id, role), fc.constantFrom(...ShareLevel.options)), { maxLength: 4 }).map((entries) => new Map(entries));
const reach: Readonly<Record<ShareLevel, readonly string[]>> = {
  view: ['view', 'use'],
  edit: ['view', 'use', 'edit'],
  manage: ['view', 'use', 'edit', 'manage'],
};

describe('what somebody may do', () => {
  test('is what some permission says of this thing, and nothing else', () => {
    fc.assert(
      fc.property(principal, permission, id, shares, (who, { action, resource }, owner, shared) => {
        const isOfWhom: Readonly<Record<string, boolean>> = {
          own: owner === who.id,
          shared: [...shared].some(([with_, level]) => [who.id, ...who.roles].includes(with_ as never) && reach[level].includes(action)),
          all: true,
        };
        const expected = permissionsOf(who).some(
          (held) =>
            (held.action === '*' || held.action === action) && (held.resource === '*' || held.resource === resource) && isOfWhom[held.condition],
        );
        expect(may(who, `${resource}.${action}`, { owner, shares: shared })).toBe(expected);
        if (expected) expect(mayEver(who, `${resource}.${action}`)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('a list shows exactly the things that its rules allow one by one, but for what is shared', () => {
    fc.assert(
      fc.property(principal, permission, id, (who, { action, resource }, owner) => {
        const owners = listed(who, `${resource}.${action}`);
        expect(owners === 'all' || owners.includes(owner)).toBe(may(who, `${resource}.${action}`, { owner }));
      }),
      { numRuns: 1000 },
    );
  });

  test('is nothing for roles that nobody knows', () => {
    const unknown = ['pending', 'disabled', '', 'Administrator', 'administrator ', '__proto__', 'constructor', 'role_gone'];
    for (const name of unknown) {
      const who = { id: bob, kind: 'person', roles: [name] as never } as const;
      expect(permissionsOf(who)).toEqual([]);
      expect(mayEver(who, 'conversation.view')).toBe(false);
      expect(may(who, 'conversation.view', { owner: bob })).toBe(false);
      expect(mayUseModel(who, 'demo/demo')).toBe(false);
    }
  });

  test('is never more by a role than its giver has', () => {
    fc.assert(
      fc.property(principal, fc.array(permission, { maxLength: 5 }), permission, id, (giver, wanted, { action, resource }, owner) => {
        const given = wanted.filter((each) => !exceeding(giver, [each]).includes(each));
        const other: Principal = { id: 'person_other' as PersonId, kind: 'person', roles: [], permissions: given };
        // What is own to one is foreign to the other: compared are things of one's own, and things of a third.
        const asGiver = may(giver, `${resource}.${action}`, { owner: owner === 'person_ada' ? giver.id : 'person_third' });
        const asOther = may(other, `${resource}.${action}`, { owner: owner === 'person_ada' ? other.id : 'person_third' });
        if (asOther) expect(asGiver).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('a model is used by whom the last rule that fits lets use it', () => {
    const who = { id: bob, kind: 'person', roles: ['member'] } as const;
    const rules = [
      { model: 'openai/*', allowed: false },
      { model: 'openai/small', allowed: true },
      { model: 'demo/demo', allowed: false },
    ];
    const allowed = ['openai/large', 'openai/small', 'demo/demo', 'demo/other'].filter((model) => mayUseModel({ ...who, models: rules }, model));
    expect(allowed).toEqual(['openai/small', 'demo/other']);
  });
});
