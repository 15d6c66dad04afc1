import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createGuardedFetch } from '../../src/adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../../src/adapters/mcp/connector.ts';
import { providedServers } from '../../src/main/provided-servers.ts';
import { StartRefused } from '../../src/main/refused.ts';
import { listMcpServers } from '../../src/projections/queries/mcp.ts';
import { administrator, type Disk, type Installation, startAnnals } from '../harness/memory-annals.ts';
import { until } from '../harness/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'annals-servers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (content: unknown): string => {
  const path = join(folder, 'servers.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const closed = 'http://127.0.0.1:9/mcp';
const startWith = (content: unknown, disk?: Disk): Promise<Installation> => {
  const connector = () => createMcpConnector({ fetch: createGuardedFetch({ allow: ['*'] }).fetch, version: 'test' });
  return startAnnals({ ...(disk ? { disk } : {}), mcp: { connector, provided: providedServers(file(content)) } });
};
const ringOf = async ({ kernel }: Installation) => {
  const asked = await kernel.ask(administrator, listMcpServers({ owner: 'organisation' }));
  return asked.ok ? asked.data.servers.map(({ slug, version, auth, enabled }) => ({ slug, version, auth, enabled })) : [];
};

test('the file of an operator is read at each start: what it names is there for everybody, changed where it says otherwise, and once', async () => {
  const before = { mcpServers: { Notes: { url: closed }, broken: { type: 'pigeon' }, mail: { url: closed, oauth: { scopes: 'read write' } } } };
  const first = await startWith(before);
  await until(async () => (await ringOf(first)).length === 2);
  const notes = { slug: 'notes', version: 1, auth: 'none', enabled: true };
  const mail = { slug: 'mail', version: 1, auth: 'oauth', enabled: true };
  expect(await ringOf(first)).toEqual([notes, mail]);
  await until(() => first.problems.some((problem) => problem.includes('broken')));
  await first.stop();
  const second = await startWith({ mcpServers: { ...before.mcpServers, Notes: { url: closed, disabled: true } } }, first.disk);
  await until(async () => (await ringOf(second))[0]?.version === 2);
  expect(await ringOf(second)).toEqual([{ ...notes, version: 2, enabled: false }, mail]);
  await second.stop();
});

test('a file that cannot be read as one refuses the start, and says which and why', () => {
  expect(() => providedServers(join(folder, 'absent.json'))).toThrow(StartRefused);
  expect(() => providedServers(file('{'))).toThrow(/servers\.json/);
  expect(() => providedServers(file({ tools: [] }))).toThrow(/mcpServers/);
  expect(providedServers(undefined)).toEqual([]);
});
