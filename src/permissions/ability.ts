import { createMongoAbility, type MongoAbility, type MongoQuery, type RawRuleOf, subject } from '@casl/ability';
import { rulesToCondition } from '@casl/ability/extra';
import { type Need, permissionsOf } from '../domain/permission.ts';
import { ownIds, type Principal } from '../domain/principal.ts';
import { granteesByAction, type ShareLevel } from '../domain/share.ts';

/** What is known of a thing when somebody wants to do something with it. */
export interface Thing {
  /** Claims of anonymous persons resolved; nobody's where it is everybody's. */
  readonly owner?: string | undefined;
  readonly shares?: ReadonlyMap<string, ShareLevel> | undefined;
}

type Rule = RawRuleOf<MongoAbility>;
const anyOf = (values: readonly string[]): MongoQuery => ({ $in: [...values] });

/** One rule set of a principal: for the policies of commands, and for the filters of queries. */
function rulesOf(principal: Principal): Rule[] {
  const own = ownIds(principal);
  const asked = [...own, ...principal.roles];
  const held = permissionsOf(principal).map(({ action, resource, condition }): Rule => {
    if (condition === 'all') return { action, subject: resource };
    return { action, subject: resource, conditions: condition === 'own' ? { owner: anyOf(own) } : { [action]: anyOf(asked) } };
  });
  const models = (principal.models ?? []).map(({ model, allowed }): Rule => {
    const provider = model.endsWith('/*') ? model.slice(0, -2) : undefined;
    return { action: 'use', subject: 'model', inverted: !allowed, conditions: provider === undefined ? { id: model } : { provider } };
  });
  return [...held, ...models];
}

const abilities = new WeakMap<Principal, MongoAbility>();

function abilityOf(principal: Principal): MongoAbility {
  const known = abilities.get(principal);
  if (known) return known;
  const made = createMongoAbility(rulesOf(principal), { anyAction: '*', anySubjectType: '*' });
  abilities.set(principal, made);
  return made;
}

const split = (need: Need = 'thing.edit'): [resource: string, action: string] => need.split('.') as [string, string];

/** Whether the principal may do this with some things at all. */
export function mayEver(principal: Principal, need: Need | undefined): boolean {
  const [resource, action] = split(need);
  return principal.kind === 'service' || abilityOf(principal).can(action, resource);
}

/** Whether the principal may do this with this thing. A thing of nobody takes a permission over everybody's. */
export function may(principal: Principal, need: Need | undefined, { owner, shares }: Thing): boolean {
  if (principal.kind === 'service') return true;
  const [resource, action] = split(need);
  const facts = { ...(owner === undefined ? {} : { owner }), ...(shares === undefined || shares.size === 0 ? {} : granteesByAction(shares)) };
  return abilityOf(principal).can(action, subject(resource, facts) as never);
}

export const mayUseModel = (principal: Principal, model: string): boolean =>
  principal.kind === 'service' || abilityOf(principal).can('use', subject('model', { id: model, provider: model.split('/', 1)[0] }) as never);

/** Whose things a list shows: everybody's, those of these owners, or nobody's. What is shared is found by its shares instead. */
export function listed(principal: Principal, need: Need): 'all' | readonly string[] {
  const [resource, action] = split(need);
  const conditions = rulesToCondition(abilityOf(principal).rulesFor(action, resource), ({ conditions: given = {} }) => given, {
    and: (given) => given,
    or: (given) => given,
    empty: () => [{}],
  });
  const owners = (conditions ?? []).map((condition) => (Object.keys(condition).length === 0 ? 'all' : ownersIn(condition)));
  return owners.includes('all') ? 'all' : [...new Set(owners.flatMap((each) => (each === 'all' ? [] : each)))];
}

const ownersIn = (condition: object): readonly string[] => ('owner' in condition ? ((condition.owner as { $in?: readonly string[] }).$in ?? []) : []);

/** Whether shares with the principal, or with a role of its, count for this. */
export function sharesWith(principal: Principal, need: Need): readonly string[] {
  const [resource, action] = split(need);
  const counts = abilityOf(principal)
    .rulesFor(action, resource)
    .some(({ conditions }) => conditions !== undefined && action in conditions);
  return counts ? [...ownIds(principal), ...principal.roles] : [];
}
