import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Versions of one package: of each the program that is its server, and what else its manifest says. */
export type PlayedVersions = Readonly<Record<string, PlayedVersion>>;
interface PlayedVersion {
  readonly program: string;
  readonly manifest?: object;
}

/** A server of tools without any package that it would need: its one tool `which` answers the version, the process and its parent. */
export const playedProgram = (version: string, { tools = ['which'], before = '' } = {}): string => `#!/usr/bin/env node
${before}
const tools = ${JSON.stringify(tools)}.map((name) => ({ name, description: 'Says which version it is.', inputSchema: { type: 'object' } }));
const said = JSON.stringify({ version: '${version}', pid: process.pid, parent: process.ppid });
const results = {
  initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'played', version: '${version}' } },
  ping: {},
  'tools/list': { tools },
  'tools/call': { content: [{ type: 'text', text: said }] },
};
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (id === undefined) return;
  const answer = results[method] ? { result: results[method] } : { error: { code: -32601, message: 'There is no such method.' } };
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...answer }) + '\\n');
});
`;

export interface PlayedRegistry {
  /** What npm has to be given to use it, with a cache of its own. */
  readonly environment: Readonly<Record<string, string>>;
  /** How often that version was fetched, or is being. */
  fetches(version: string): number;
  /** From now on that version does not come before what this answers is called. */
  hold(version: string): () => void;
  /** Another program comes as that version from now on, and npm has forgotten what came before. */
  replace(version: string, program: string): void;
  close(): Promise<void>;
}

/** A registry of npm with one package in it. */
export async function startRegistry(name: string, versions: PlayedVersions): Promise<PlayedRegistry> {
  const cache = mkdtempSync(join(tmpdir(), 'annals-registry-'));
  const held = new Map<string, Promise<void>>();
  const fetched: string[] = [];
  const pack = (version: string, { program, manifest }: PlayedVersion) => {
    const own = { name, version, bin: 'server.js', ...manifest };
    return { own, tarball: tarballOf({ 'package.json': JSON.stringify(own), 'server.js': program }) };
  };
  const packed = new Map(Object.entries(versions).map(([version, played]) => [version, pack(version, played)]));
  const server = createServer(async (req, res) => {
    const path = decodeURIComponent(req.url ?? '');
    const version = /\/-\/(.+)\.tgz$/.exec(path)?.[1];
    const found = version === undefined ? undefined : packed.get(version);
    if (version !== undefined && found) {
      fetched.push(version);
      await held.get(version);
      res.writeHead(200, { 'content-type': 'application/octet-stream' }).end(found.tarball);
    } else if (path === `/${name}`) {
      const all = [...packed].map(([of, { own, tarball }]) => {
        const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
        return [of, { ...own, dist: { integrity, tarball: `http://${req.headers.host}/${name}/-/${of}.tgz` } }];
      });
      const body = { name, 'dist-tags': { latest: [...packed.keys()].at(-1) }, versions: Object.fromEntries(all) };
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } else res.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    environment: { npm_config_registry: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, npm_config_cache: cache },
    fetches: (version) => fetched.filter((each) => each === version).length,
    hold(version) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(version, promise);
      return () => {
        held.delete(version);
        resolve();
      };
    },
    replace(version, program) {
      packed.set(version, pack(version, { program }));
      rmSync(cache, { recursive: true });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(cache, { recursive: true, force: true });
    },
  };
}

/** As npm packs it: everything in a folder called package, in the format of POSIX.1-1988. */
function tarballOf(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).flatMap(([file, text]) => {
    const content = Buffer.from(text);
    const header = Buffer.alloc(512);
    header.write(`package/${file}`, 0);
    const octal = (value: number, at: number, length: number) => header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
    octal(0o755, 100, 8);
    octal(0, 108, 8);
    octal(0, 116, 8);
    octal(content.length, 124, 12);
    octal(0, 136, 12);
    header.write('        0', 148);
    header.write('ustar\x0000', 257);
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      148,
      7,
    );
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
}
