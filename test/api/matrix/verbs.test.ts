import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyCommand } from '../../../src/commands/command.ts';
import { commands } from '../../../src/commands/index.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { queries } from '../../../src/projections/queries/index.ts';
import type { AnyQuery } from '../../../src/projections/query.ts';
import { topics } from '../../../src/projections/topics.ts';
import { inputOf } from './inputs.ts';
import { type Answer, visitors } from './rules.ts';
import { commandRules, expectedOf, queryRules, topicRules, type VerbRule } from './verb-rules.ts';
import { type Comer, createWorld, onlyVerbs, type Things, type World } from './world.ts';

let world: World;
let things: Things;
const principals = new Map<Comer, Principal | undefined>();
const comers: readonly Comer[] = [...visitors, ...onlyVerbs];
beforeAll(async () => {
  world = await createWorld();
  things = await world.things({ run: true, key: true, role: true, invitation: true, job: true, tools: true, prompt: true });
  for (const comer of comers) principals.set(comer, await world.principalOf(comer));
});
afterAll(() => world.server.stop());

const answers: Readonly<Record<string, Answer>> = { Forbidden: 403, NotFound: 404 };
/** No stream is there: whoever is let in is told so, and nothing is ever written. */
const NOWHERE = 999_999_999n;

async function told(definition: AnyCommand, principal: Principal): Promise<Answer | string> {
  const { kernel } = world.server.installation;
  const input = inputOf(definition.commandName, definition.input, things, principal);
  const outcome = await kernel.tell(principal, definition(input), { ifRevision: NOWHERE });
  if (outcome.ok) return 'it was written';
  return outcome.error.code === 'RevisionMismatch' ? 'in' : (answers[outcome.error.code] ?? outcome.error.code);
}

async function asked(definition: AnyQuery, principal: Principal): Promise<Answer | string> {
  const outcome = await world.server.installation.kernel.ask(
    principal,
    definition(inputOf(definition.queryName, definition.input, things, principal)),
  );
  return outcome.ok ? 'in' : (answers[outcome.error.code] ?? outcome.error.code);
}

async function followed(topic: string, principal: Principal): Promise<Answer | string> {
  const { waiting: conversationId = '', runId = '' } = things;
  const stop = new AbortController();
  const outcome = await world.server.installation.kernel.follow(principal, { topic, conversationId, runId } as never, { signal: stop.signal });
  stop.abort();
  return outcome.ok ? 'in' : (answers[outcome.error.code] ?? outcome.error.code);
}

/** On servers, where each try takes its time, a third of them at each verb, others each time. */
const STEP = process.env.ANNALS_TEST_DISK === 'servers' ? 3 : 1;
let turn = Math.floor(Math.random() * STEP);

/** Everybody tries; what is otherwise than the rule says is told in a sentence. */
async function tried(
  name: string,
  rule: VerbRule,
  kind: 'command' | 'query' | 'topic',
  needs: Parameters<typeof expectedOf>[2],
  attempt: (principal: Principal) => Promise<Answer | string>,
): Promise<string[]> {
  const wrong: string[] = [];
  turn += 1;
  for (const comer of comers.filter((_, index) => (index + turn) % STEP === 0)) {
    const principal = principals.get(comer);
    const answer = principal ? await attempt(principal) : 401;
    const right = expectedOf(rule, kind, needs, comer);
    if (answer !== right) wrong.push(`${name} as ${comer}: ${answer} instead of ${right}`);
  }
  return wrong;
}

const all = {
  command: Object.entries(commands) as [string, AnyCommand][],
  query: Object.entries(queries) as [string, AnyQuery][],
};
const missing = (names: readonly string[], rules: Readonly<Record<string, VerbRule>>) => ({
  withoutRule: names.filter((name) => !(name in rules)),
  ofNothing: Object.keys(rules).filter((name) => !names.includes(name)),
});
const complete = { withoutRule: [], ofNothing: [] };

describe('whoever tells, asks or follows', () => {
  test('every command, query and topic has a rule, and every rule is about one', () => {
    expect(missing(Object.keys(commands), commandRules)).toEqual(complete);
    expect(missing(Object.keys(queries), queryRules)).toEqual(complete);
    expect(missing(Object.keys(topics), topicRules)).toEqual(complete);
  });

  test('is let in to a command as its rule says, and who is refused writes nothing', { timeout: 300_000 }, async () => {
    const before = await world.events();
    const wrong: string[] = [];
    for (const [name, definition] of all.command) {
      const rule = commandRules[name];
      if (rule) wrong.push(...(await tried(name, rule, 'command', definition.needs, (principal) => told(definition, principal))));
    }
    expect(wrong).toEqual([]);
    expect(await world.events()).toBe(before);
  });

  test('is shown a query’s answer as its rule says', { timeout: 300_000 }, async () => {
    const wrong: string[] = [];
    for (const [name, definition] of all.query) {
      const rule = queryRules[name];
      if (rule) wrong.push(...(await tried(name, rule, 'query', definition.needs, (principal) => asked(definition, principal))));
    }
    expect(wrong).toEqual([]);
  });

  test('follows a topic as its rule says', async () => {
    const wrong: string[] = [];
    for (const [topic, rule] of Object.entries(topicRules))
      wrong.push(...(await tried(topic, rule, 'topic', undefined, (principal) => followed(topic, principal))));
    expect(wrong).toEqual([]);
  });
});

test('no door takes events of sockets: the first one that does needs rules for each of them here', () => {
  const root = fileURLToPath(new URL('../../../src', import.meta.url));
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(100);
  const doors = sources.filter((path) => /from '(?:socket[.]io|engine[.]io|ws)'/.test(readFileSync(join(root, path), 'utf8')));
  expect(doors).toEqual([]);
});
