import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { upcast } from '../../src/adapters/event-store/upcast.ts';
import { type AnyDecider, isRefusal } from '../../src/domain/decider.ts';
import type { JsonObject, NewEvent, RecordedEvent } from '../../src/domain/event.ts';
import { type McpChoices, mcpChoices, personalPolicy } from '../../src/domain/mcp/choice.ts';
import { isQuarantined, type McpContract, mcpContracts } from '../../src/domain/mcp/contract.ts';
import { slugTag, toolTag } from '../../src/domain/mcp/names.ts';
import { policyOf } from '../../src/domain/mcp/policy.ts';
import { type McpRing, mcpRings } from '../../src/domain/mcp/server.ts';
import { upcasters } from '../../src/domain/upcasters.ts';
import { mcpServers } from '../../src/projections/views/mcp-servers.ts';
import { recordedEvents } from '../harness/given.ts';

const tag = (text: string): string => createHmac('sha256', 'secret').update(text).digest('hex');
const ring = 'mcpservers-person_p';
const slug = 'my-divorce-notes';
const tool = 'read-letters';
const serverId = 'mcp_a';
const hash = (of: string): string => of.repeat(64);
const hints = { readOnly: true, destructive: false, idempotent: true };
const given = {
  ...{ slug, title: '', transport: 'http', address: { url: 'http://127.0.0.1:1/' }, headers: {}, env: {} },
  ...{ audience: 'everybody', enabled: true, auth: 'none', timeoutMs: null },
};
const seen = (of: string, contractHash: string) => ({
  ...{ contractId: serverId, serverId, owner: 'person_p', registration: 1, contractHash: hash(contractHash), instructionsHash: hash('0') },
  ...{ era: 'legacy', protocolVersion: '2025-11-25', tools: [{ name: tool, hash: hash(of), hints }], prompts: [], templates: [] },
  snapshot: {
    serverName: '',
    serverVersion: '',
    instructions: null,
    capabilities: {},
    tools: [{ name: tool }],
    prompts: [],
    templates: [],
    broken: [],
  },
});

/** One stream: what it says already, and what commands add. */
function stream<State>(decider: AnyDecider<State>, name: string, history: readonly RecordedEvent[] = [], by: (text: string) => string = tag) {
  const state = history.reduce((before, event) => decider.evolve(before, event), decider.initialState());
  return {
    state,
    tell(command: { name: string } & Record<string, unknown>): readonly NewEvent[] | string {
      let ids = 0;
      const decided = decider.decide(command, state, {
        now: '2026-01-01T00:00:00.000Z',
        newId: (prefix) => `${prefix}${ids++}`,
        actor: 'person_p',
        stream: name,
        tag: by,
      });
      if (isRefusal(decided)) return decided.refused.code;
      for (const event of recordedEvents(decided)) decider.evolve(state, event);
      return decided;
    },
  };
}

/** As version 1 stored it. */
const old = (type: string, data: JsonObject, of = ring): RecordedEvent => {
  const [event] = recordedEvents([{ type, version: 1, data }]);
  return upcast(upcasters, { ...(event as RecordedEvent), stream: of }, tag);
};
const oldServer = old('McpServerRegistered', {
  ...{ serverId, number: 1, slug, transport: 'http', audience: 'everybody', enabled: true, auth: 'none', timeoutMs: null },
  sealed: { k: 'k', a: 'a', c: 'c' },
});

test('whatever is said of a server and its tools, none of their names stands in the clear', () => {
  const servers = stream<McpRing>(mcpRings, ring);
  const contract = stream<McpContract>(mcpContracts, 'mcpcontract-mcp_a');
  const choices = stream<McpChoices>(mcpChoices, 'mcpchoices-person_p');
  const told = [
    servers.tell({ name: 'registerMcpServer', owner: 'self', ...given }),
    servers.tell({ name: 'changeMcpServer', serverId: 'mcp_0', ...given, slug: `${slug}-2` }),
    servers.tell({ name: 'setMcpServerPolicy', serverId: 'mcp_0', tool, policy: 'deny' }),
    contract.tell({ name: 'observeMcpContract', ...seen('a', '1') }),
    contract.tell({ name: 'observeMcpContract', ...seen('b', '2') }),
    contract.tell({ name: 'approveMcpTool', contractId: serverId, serverId, tool, hash: hash('b') }),
    choices.tell({ name: 'chooseMcpTools', scope: {}, serverId, tool, enabled: false }),
    choices.tell({ name: 'setMcpToolPolicy', serverId, tool, policy: 'ask' }),
  ];
  const events = told.flatMap((each) => (typeof each === 'string' ? [] : each));
  expect(events.map(({ type }) => type)).toHaveLength(told.length);
  for (const { type, data, secret } of events) {
    expect(JSON.stringify(data), type).not.toMatch(/divorce|letters/);
    expect(JSON.stringify(secret), type).toMatch(/divorce|letters/);
  }
});

test('a short name is taken once a ring, and its tag in one ring says nothing of another', () => {
  const { tell } = stream<McpRing>(mcpRings, ring);
  expect(tell({ name: 'registerMcpServer', owner: 'self', ...given })).toHaveLength(1);
  expect(tell({ name: 'registerMcpServer', owner: 'self', ...given })).toBe('SlugTaken');
  expect(tell({ name: 'changeMcpServer', serverId: 'mcp_0', ...given })).toHaveLength(1);
  expect(slugTag(tag, 'mcpservers-person_q', slug)).not.toBe(slugTag(tag, ring, slug));
});

test('a server of version 1 keeps its name until it is registered anew, and nobody else gets it', () => {
  const { tell, state } = stream<McpRing>(mcpRings, ring, [oldServer]);
  expect(tell({ name: 'registerMcpServer', owner: 'self', ...given })).toBe('SlugTaken');
  expect(state.servers.get(serverId)?.plainSlug).toBe(slug);
  expect(mcpServers.fold(undefined, oldServer as never)).toMatchObject({ plainSlug: slug });
  tell({ name: 'changeMcpServer', serverId, ...given });
  expect(state.servers.get(serverId)?.plainSlug).toBeUndefined();
});

test('what version 1 said of a tool holds for what is seen of it now', () => {
  const tagged = toolTag(tag, serverId, tool);
  const { state: ringNow } = stream<McpRing>(mcpRings, ring, [oldServer, old('McpServerPolicySet', { serverId, tool, policy: 'deny' })]);
  const { state: choices } = stream<McpChoices>(mcpChoices, '', [old('McpToolPolicySet', { serverId, tool, policy: 'allow' })]);
  const { snapshot: _, owner: __, ...observed } = seen('a', '1');
  const contract = stream<McpContract>(mcpContracts, '', [old('McpContractObserved', { ...observed, sealed: { k: 'k', a: 'a', c: 'c' } })]);
  contract.tell({ name: 'observeMcpContract', ...seen('b', '2') });
  const pin = contract.state.tools.get(tagged);
  expect(pin && isQuarantined(pin)).toBe(true);
  expect(contract.state.tools.size).toBe(1);
  expect(personalPolicy(choices, serverId, tagged)).toBe('allow');
  const server = ringNow.servers.get(serverId);
  expect(server && pin && policyOf(server, choices, tagged, pin)).toBe('deny');
});

test('once the secret is another one, the next look at a server makes its tools known again, though nothing else has changed', () => {
  const before = stream<McpContract>(mcpContracts, '').tell({ name: 'observeMcpContract', ...seen('a', '1') }) as readonly NewEvent[];
  const after = stream<McpContract>(mcpContracts, '', recordedEvents(before), (text) => tag(`other ${text}`));
  expect(after.tell({ name: 'observeMcpContract', ...seen('a', '1') })).toHaveLength(1);
  expect(after.tell({ name: 'observeMcpContract', ...seen('a', '1') })).toEqual([]);
});
