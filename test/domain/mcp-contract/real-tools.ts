import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { z } from 'zod';
import { Contract, type ContractTool } from '../../../src/domain/mcp-contract/contract.ts';

const Loose = z.looseObject({ tools: z.array(z.unknown()) });
const require = createRequire(import.meta.url);

/** Packages of real servers and what they are started with. */
const servers: readonly (readonly [name: string, ...args: string[]])[] = [
  ['@modelcontextprotocol/server-everything'],
  ['everything-2025-11-25'],
  ['everything-2026-1-26'],
  ['@modelcontextprotocol/server-filesystem', tmpdir()],
  ['@modelcontextprotocol/server-memory'],
  ['@modelcontextprotocol/server-sequential-thinking'],
  ['@cyanheads/git-mcp-server'],
  ['@upstash/context7-mcp'],
];

/** The file that a package names in `bin`. */
function entryOf(name: string): string {
  const manifest = require(`${folderOf(name)}/package.json`) as { bin: string | Record<string, string> };
  const bin = typeof manifest.bin === 'string' ? manifest.bin : Object.values(manifest.bin)[0];
  return `${folderOf(name)}/${bin}`;
}
const folderOf = (name: string): string => `${process.cwd()}/node_modules/${name}`;

/** What each of them lists, over stdio; the servers are gone afterwards. */
export async function contractsOfRealServers(): Promise<ReadonlyMap<string, Contract>> {
  const all = await Promise.all(
    servers.map(async ([name, ...args]) => {
      const client = new Client({ name: 'annals-tests', version: '0' });
      await client.connect(new StdioClientTransport({ command: process.execPath, args: [entryOf(name), ...args], stderr: 'ignore' }));
      try {
        const tools: ContractTool[] = Contract.shape.tools.parse((await client.request({ method: 'tools/list' }, Loose)).tools);
        return [name, Contract.parse({ revisions: ['2025-11-25'], tools })] as const;
      } finally {
        await client.close();
      }
    }),
  );
  return new Map(all);
}
