import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMcpCatalogue } from '../../../src/adapters/mcp-catalogue/index.ts';
import type { NpmPackages } from '../../../src/adapters/npm/port.ts';
import { playedTool, playReleases } from '../../harness/played-releases.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

const PACKAGE = '@played/notes';
const played = playReleases(PACKAGE, { '1.0.0': { tools: [playedTool('note')] }, '2.0.0': { tools: [playedTool('note')] } });
const integrity = `sha512-${'A'.repeat(86)}==`;
/** What the registry says of the package, and what comes when it is installed. */
const registry = { integrity, comes: integrity };
const folder = mkdtempSync(join(tmpdir(), 'annals-catalogue-'));
const place = join(folder, 'catalogue.json');
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const notes = {
  name: 'notes',
  title: 'Notes',
  package: { name: PACKAGE, version: '1.0.0', integrity },
  args: ['--in', { input: 'folders' }],
  inputs: [{ name: 'folders', title: 'Folders', many: true }],
  env: [{ name: 'NOTES_KEY', title: 'Key', required: false }],
  requires: { memory: '^2026.1' },
  persons: true,
};
const servers = [notes, { ...notes, name: 'for-all', persons: false }, { name: 'far', title: 'Far', url: 'http://127.0.0.1:9/mcp' }];
const write = (text: string, by = privateKey): void => {
  writeFileSync(place, text);
  writeFileSync(`${place}.sig`, sign(null, Buffer.from(text), by).toString('base64'));
};
const fetch = async (): Promise<Response> => new Response(null, { status: 404 });

let allowing: TestServer;
let usual: TestServer;
beforeAll(async () => {
  write(JSON.stringify({ servers }));
  const catalogue = createMcpCatalogue({ place, key: publicKey, fetch });
  const npm: NpmPackages = {
    ...played.npm,
    integrity: async () => ({ ok: true, value: registry.integrity }),
    resolve: async (...asked) => {
      const made = await played.npm.resolve(...asked);
      return made.ok ? { ok: true, value: { ...made.value, integrity: registry.comes } } : made;
    },
  };
  const mcp = { connector: played.connector, npm, catalogue };
  [allowing, usual] = await Promise.all([startServer({ annals: { mcp: { ...mcp, personsStart: true } } }), startServer({ annals: { mcp } })]);
});
afterAll(async () => {
  await Promise.all([allowing.stop(), usual.stop()]);
  rmSync(folder, { recursive: true });
});

// biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
const ask = async (server: TestServer, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<any> => {
  const response = await server.call(method, path, { ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) });
  return { status: response.status, ...(await response.json()) };
};
let members = 0;
const member = async (server: TestServer) =>
  bearer((await server.tokens.access({ id: `person_reader${++members}` as never, kind: 'person', roles: ['member'] })).token);
const answered = { inputs: { folders: ['/a', '/b'] }, secrets: { NOTES_KEY: 'hidden' } };

test('an administrator adds an entry, at its version, with what it asks for in its places and nothing else', async () => {
  expect((await ask(usual, 'GET', '/api/mcp/catalogue')).entries).toContainEqual(
    expect.objectContaining({ name: 'notes', source: 'operator', forOneself: false, secrets: [expect.objectContaining({ name: 'NOTES_KEY' })] }),
  );
  const added = await ask(usual, 'POST', '/api/mcp/catalogue/notes', { owner: 'organisation', ...answered });
  expect(added.status).toBe(201);
  expect(await ask(usual, 'POST', `/api/mcp/servers/${added.serverId}/refresh`)).toMatchObject({
    refreshed: true,
    server: { status: { state: 'ready' } },
  });
  expect((await ask(usual, 'GET', `/api/mcp/servers/${added.serverId}`)).administered).toMatchObject({
    address: { command: 'npx', args: ['-y', `${PACKAGE}@1.0.0`, '--in', '/a', '/b'] },
    envNames: ['NOTES_KEY'],
  });
  expect((await ask(usual, 'GET', '/api/mcp/dependencies')).edges).toContainEqual(expect.objectContaining({ from: 'notes', to: 'memory' }));
  const refused = { owner: 'organisation', slug: 'other' };
  for (const inputs of [{}, { folders: '--eval=1' }, { folders: '/a', more: 'x' }])
    expect(await ask(usual, 'POST', '/api/mcp/catalogue/notes', { ...refused, inputs })).toMatchObject({ status: 422, code: 'EntryUnanswered' });
  expect(await ask(usual, 'POST', '/api/mcp/catalogue/none', refused)).toMatchObject({ status: 404 });
});

test('a person adds what is started only where the operator and the entry let persons, and can make nothing else of it', async () => {
  const careful = await member(usual);
  expect(await ask(usual, 'POST', '/api/mcp/catalogue/notes', answered, careful)).toMatchObject({ status: 422, code: 'StdioForbidden' });
  expect(await ask(usual, 'POST', '/api/mcp/catalogue/notes', { ...answered, owner: 'organisation' }, careful)).toMatchObject({ status: 403 });
  expect(await ask(usual, 'POST', '/api/mcp/catalogue/far', {}, careful)).toMatchObject({ status: 201 });
  const forged = { ...answered, catalogue: { mayBeStarted: true }, address: { command: 'sh', args: [] } };
  expect(await ask(usual, 'POST', '/api/mcp/catalogue/notes', forged, careful)).toMatchObject({ status: 422, code: 'StdioForbidden' });

  const headers = await member(allowing);
  expect(await ask(allowing, 'POST', '/api/mcp/catalogue/for-all', answered, headers)).toMatchObject({ status: 422, code: 'StdioForbidden' });
  const { status, serverId } = await ask(allowing, 'POST', '/api/mcp/catalogue/notes', answered, headers);
  expect(status).toBe(201);
  const of = `/api/mcp/servers/${serverId}`;
  expect(await ask(allowing, 'POST', `${of}/refresh`, undefined, headers)).toMatchObject({ server: { status: { state: 'ready' } } });
  const changed = { slug: 'notes', transport: 'stdio', address: { command: 'sh', args: [] } };
  expect(await ask(allowing, 'PUT', of, changed, headers)).toMatchObject({ status: 422, code: 'StdioForbidden' });
  for (const [method, path, body] of [
    ['POST', '/releases', {}],
    ['PUT', '/updates', { updates: 'compatible' }],
  ] as const)
    expect(await ask(allowing, method, of + path, body, headers)).toMatchObject({ status: 422, code: 'HeldToCatalogue' });
  expect(await ask(allowing, 'POST', `${of}/updates`, { version: '2.0.0' }, headers)).toMatchObject({ status: 422, code: 'HeldToCatalogue' });
});

test('a package that the registry has otherwise than the catalogue is not started', async () => {
  const others = `sha512-${'B'.repeat(86)}==`;
  for (const [slug, swapped] of [
    ['swapped', { integrity: others }],
    ['comes-otherwise', { comes: others }],
  ] as const)
    try {
      Object.assign(registry, swapped);
      const { serverId } = await ask(usual, 'POST', '/api/mcp/catalogue/notes', { owner: 'organisation', slug, ...answered });
      expect(await ask(usual, 'POST', `/api/mcp/servers/${serverId}/refresh`)).toMatchObject({
        server: { status: { state: 'backoff', reason: expect.stringContaining('is another package in the registry') } },
      });
    } finally {
      Object.assign(registry, { integrity, comes: integrity });
    }
});

test('without the signature that it must bear nothing of a catalogue is used, and it is said why', async () => {
  const text = JSON.stringify({ servers });
  const others = generateKeyPairSync('ed25519').privateKey;
  const read = (key: typeof publicKey | undefined = publicKey) => createMcpCatalogue({ place, key, fetch }).read();
  const names = async (key?: typeof publicKey) =>
    (await read(key)).entries.filter(({ source }) => source === 'operator').map(({ entry }) => entry.name);
  expect(await names()).toEqual(['notes', 'for-all', 'far']);
  try {
    write(text, others);
    expect(await ask(usual, 'POST', '/api/mcp/catalogue/notes', { owner: 'organisation', slug: 'bad', ...answered })).toMatchObject({
      status: 422,
      code: 'CatalogueUntrusted',
      detail: expect.stringContaining('signature'),
    });
    expect(await ask(usual, 'GET', '/api/mcp/catalogue')).toMatchObject({ problem: expect.stringContaining('sign it anew') });
    write(text);
    writeFileSync(place, text.replace('1.0.0', '2.0.0'));
    expect(await read()).toMatchObject({ problem: expect.stringContaining('is not that of ANNALS_MCP_CATALOGUE_KEY') });
    rmSync(`${place}.sig`);
    expect(await read()).toMatchObject({ problem: expect.stringContaining('.sig, cannot be read') });
    write(JSON.stringify({ servers: [notes, notes] }));
    expect(await read()).toMatchObject({ problem: expect.stringContaining('two servers of one name') });
    const unsigned = await createMcpCatalogue({ place, fetch }).read();
    expect(unsigned.problem).toContain('ANNALS_MCP_CATALOGUE_KEY is not set');
    expect(unsigned.entries.every(({ source }) => source === 'shipped')).toBe(true);
  } finally {
    write(text);
  }
});

test('a catalogue at an address is read again after a minute, and what cannot be had there is said', async () => {
  const text = JSON.stringify({ servers });
  let [now, asked, status] = [0, 0, 200];
  const answers = async (url: string): Promise<Response> => {
    asked++;
    const body = url.endsWith('.sig') ? sign(null, Buffer.from(text), privateKey).toString('base64') : text;
    return new Response(status === 200 ? body : null, { status });
  };
  const catalogue = createMcpCatalogue({ place: 'https://annals.example/tools.json', key: publicKey, fetch: answers, now: () => now });
  expect((await catalogue.read()).problem).toBeNull();
  await catalogue.read();
  expect(asked).toBe(2);
  [now, status] = [61_000, 503];
  expect((await catalogue.read()).problem).toContain('answers 503');
});
