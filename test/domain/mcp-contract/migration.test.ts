import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Contract } from '../../../src/domain/mcp-contract/contract.ts';
import { moved, renameCandidates } from '../../../src/domain/mcp-contract/migration.ts';
import { contractsOfRealServers } from './real-tools.ts';

let before: Contract;
let after: Contract;
beforeAll(async () => {
  const contracts = await contractsOfRealServers();
  before = contracts.get('everything-2025-11-25') as Contract;
  after = contracts.get('everything-2026-1-26') as Contract;
}, 60_000);

test('of a real release that renamed its tools, the likeliest new name of each is the right one', () => {
  const likeliest = Object.fromEntries(
    renameCandidates(before, after)
      .toReversed()
      .map(({ from, to }) => [from, to]),
  );
  expect(likeliest).toEqual({
    add: 'get-sum',
    longRunningOperation: 'trigger-long-running-operation',
    printEnv: 'get-env',
    getTinyImage: 'get-tiny-image',
    annotatedMessage: 'get-annotated-message',
    getResourceReference: 'get-resource-reference',
    getResourceLinks: 'get-resource-links',
    structuredContent: 'get-structured-content',
  });
});

test('a tool that is still there is renamed to nothing, and a contract has no candidates in itself', () => {
  const kept = new Set(after.tools.map(({ name }) => name));
  for (const { from, to } of renameCandidates(before, after)) {
    expect(kept.has(from)).toBe(false);
    expect(kept.has(to)).toBe(true);
  }
  expect(renameCandidates(before, before)).toEqual([]);
});

test('arguments move to their new names, and none is made up or told twice', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.dictionary(fc.string(), fc.integer()), (pick, other) => {
      const all = renameCandidates(before, after);
      const candidate = all[pick % all.length];
      if (!candidate) return;
      const given = { ...other, ...Object.fromEntries(Object.keys(candidate.arguments).map((name, index) => [name, index])) };
      const now = moved(candidate, given);
      for (const [from, to] of Object.entries(candidate.arguments)) expect(now[to]).toBe(given[from]);
      expect(Object.keys(now).length).toBe(Object.keys(candidate.arguments).length);
    }),
  );
});
