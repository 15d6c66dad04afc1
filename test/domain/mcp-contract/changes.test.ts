import { beforeAll, expect, test } from 'vitest';
import { contractChanges, worstOf } from '../../../src/domain/mcp-contract/changes.ts';
import type { ChangeClass, Contract, ContractTool } from '../../../src/domain/mcp-contract/contract.ts';
import { breaking, delicate, type Edit, harmless } from './edits.ts';
import { contractsOfRealServers } from './real-tools.ts';

let contracts: ReadonlyMap<string, Contract>;
let tools: readonly ContractTool[];
beforeAll(async () => {
  contracts = await contractsOfRealServers();
  tools = [...contracts.values()].flatMap((contract) => contract.tools);
}, 60_000);

const of = (...all: ContractTool[]): Contract => ({
  revisions: ['2025-11-25'],
  capabilities: [],
  clientCapabilities: [],
  transports: ['stdio'],
  secrets: [],
  tools: all,
  prompts: [],
  templates: [],
});

/** The tools that an edit leaves in another class than it should, and how many it could be tried on. */
function tried(edit: Edit, wanted: (found: ChangeClass) => boolean): { wrong: string[]; count: number } {
  const wrong: string[] = [];
  let count = 0;
  for (const tool of tools) {
    const edited = edit(structuredClone(tool));
    if (!edited) continue;
    count++;
    const changes = contractChanges(of(tool), of(edited));
    if (!wanted(worstOf(changes))) wrong.push(`${tool.name}: ${JSON.stringify(changes)}`);
  }
  return { wrong, count };
}

test('the tools of real servers are the corpus', () => {
  expect(tools.length).toBeGreaterThanOrEqual(90);
});

test('every breaking edit of every real tool is flagged', () => {
  for (const [name, edit] of Object.entries(breaking)) {
    const { wrong, count } = tried(edit, (found) => found === 'breaking');
    expect({ name, wrong }).toEqual({ name, wrong: [] });
    expect(count, name).toBeGreaterThan(0);
  }
  expect(Object.keys(breaking).length).toBeGreaterThanOrEqual(20);
});

test('no harmless edit of any real tool is flagged', () => {
  for (const [name, edit] of Object.entries(harmless)) {
    const { wrong, count } = tried(edit, (found) => found === 'compatible');
    expect({ name, wrong }).toEqual({ name, wrong: [] });
    expect(count, name).toBeGreaterThan(0);
  }
});

test('whatever a model reads, or a person goes by, is a matter of security when it changes', () => {
  for (const [name, edit] of Object.entries(delicate)) {
    const { wrong, count } = tried(edit, (found) => found === 'security');
    expect({ name, wrong }).toEqual({ name, wrong: [] });
    expect(count, name).toBeGreaterThan(0);
  }
});

test('a contract and itself differ in nothing', () => {
  for (const contract of contracts.values()) expect(contractChanges(contract, structuredClone(contract))).toEqual([]);
});

test('a real release that renamed all of its tools is breaking, and each name that is gone is told', () => {
  const [before, after] = [contracts.get('everything-2025-11-25'), contracts.get('everything-2026-1-26')];
  if (!before || !after) throw new Error('The releases are missing.');
  const changes = contractChanges(before, after);
  expect(worstOf(changes)).toBe('breaking');
  const gone = changes.filter(({ class: kind, what }) => kind === 'breaking' && what === 'It is gone.').map(({ subject }) => subject);
  expect(gone).toContain('tool add');
  expect(gone).toContain('tool printEnv');
});
