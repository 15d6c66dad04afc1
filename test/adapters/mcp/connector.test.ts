import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { afterEach, expect, test } from 'vitest';
import { createGuardedFetch } from '../../../src/adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../../../src/adapters/mcp/connector.ts';
import type { McpConnection, McpConnectOptions, McpResult, McpTarget } from '../../../src/adapters/mcp/port.ts';
import { isGroupAlive } from '../../../src/adapters/mcp/process-group.ts';
import { entryOf } from '../../harness/mcp-servers.ts';
import { type RawMcp, startRawMcp, tool } from '../../harness/raw-mcp.ts';
import { until } from '../../harness/until.ts';

const { fetch } = createGuardedFetch({ allow: ['*'] });
const connector = createMcpConnector({ fetch, version: 'test' });
const opened: McpConnection[] = [];
const servers: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((connection) => connection.close()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const call = (more: object = {}) => ({ signal: AbortSignal.timeout(20_000), timeoutMs: 15_000, ...more });
const connect = async (target: McpTarget, options: Partial<McpConnectOptions> = {}): Promise<McpConnection> => {
  const connected = await connector.connect(target, { ...call(), ...options });
  if (!connected.ok) throw new Error(`${connected.error.code}: ${connected.error.message}`);
  opened.push(connected.value);
  return connected.value;
};
const stdio = (command: string, args: readonly string[], env: Record<string, string> = {}): McpTarget => ({ kind: 'stdio', command, args, env });
const http = (url: string): McpTarget => ({ kind: 'http', url, headers: {} });
const raw = async (...args: Parameters<typeof startRawMcp>): Promise<RawMcp> => {
  const server = await startRawMcp(...args);
  servers.push(server);
  return server;
};
const given = <Value>(result: McpResult<Value>): Value => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
};
const errorOf = (result: McpResult<unknown>): string => (result.ok ? 'ok' : result.error.code);

/** A server in a few lines of script, in the old handshake; `on` is what it does with a message `m`, answering by `say`. */
const scripted = (on: string): string[] => [
  '-e',
  `const say=(id,result)=>process.stdout.write(JSON.stringify({jsonrpc:'2.0',id,result})+'\\n');
   require('node:readline').createInterface({input:process.stdin}).on('line',(l)=>{const m=JSON.parse(l);
   if(m.method==='initialize')return say(m.id,{protocolVersion:'2025-11-25',capabilities:{tools:{}},serverInfo:{name:'scripted',version:'1'}});
   ${on}
   if(m.id!==undefined)process.stdout.write(JSON.stringify({jsonrpc:'2.0',id:m.id,error:{code:-32601,message:'no'}})+'\\n');});`,
];

test('closing a server that a script has started ends the whole group, what else it started included', async () => {
  const script = `sleep 1000 & ${process.execPath} ${entryOf('memory')}`;
  const connection = await connect(stdio('sh', ['-c', script]));
  const { pid = 0 } = connection.facts;
  expect(isGroupAlive(pid)).toBe(true);
  await connection.close();
  expect(isGroupAlive(pid)).toBe(false);
});

test('a server that ends by itself takes along what it started, and says its last words', async () => {
  const script = `sleep 1000 & exec ${process.execPath} -e "setTimeout(()=>{console.error('out of paper');process.exit(3)},100)"`;
  const connected = await connector.connect(stdio('sh', ['-c', script]), call());
  expect(connected).toMatchObject({ ok: false, error: { code: 'SpawnFailed', message: expect.stringContaining('out of paper') } });
});

test('arguments reach the server as they are, and of this process’s environment nothing does', async () => {
  const odd = ['$(touch /tmp/x)', '`id`', 'a;b', '"\'', '$HOME', '--flag=*'];
  const echo =
    "if(m.method==='tools/list')return say(m.id,{tools:[{name:'t',description:JSON.stringify([process.argv.slice(1),process.env]),inputSchema:{type:'object'}}]});";
  process.env.ANNALS_SECRET_OF_THE_HOST = 'leak';
  const connection = await connect(stdio('node', [...scripted(echo), ...odd], { NAMED: 'yes' }));
  const [listed] = given(await connection.lists(call())).tools;
  const [argv, env] = JSON.parse(String(listed?.description));
  expect(argv).toEqual(odd);
  expect(env).toEqual({ NAMED: 'yes', PATH: expect.any(String) });
});

test('what a server writes to its stderr, and lines that are no messages, hold nothing up', async () => {
  const noisy =
    "if(m.method==='tools/list'){process.stderr.write('x'.repeat(4e6));process.stdout.write('Loading...\\n');return say(m.id,{tools:[]});}";
  const connection = await connect(stdio('node', scripted(noisy)));
  expect(given(await connection.lists(call())).tools).toEqual([]);
});

test('a server that ends at a question it does not know is started again and spoken to in the old way', async () => {
  const touchy = scripted('').map((text) =>
    text.replace('const m=JSON.parse(l);', "const m=JSON.parse(l);if(m.method==='server/discover')process.exit(1);"),
  );
  expect((await connect(stdio('node', touchy))).facts).toMatchObject({ era: 'legacy', serverName: 'scripted' });
});

test('a proxy that answers the first question with nothing does not keep anybody from an old server', async () => {
  const server = await raw(({ method }) => (method === 'server/discover' ? { status: 204 } : undefined));
  expect((await connect(http(server.url))).facts).toMatchObject({ era: 'legacy', protocolVersion: '2025-11-25' });
});

test('one broken tool hides none of the others, and has a stated reason', async () => {
  const deep = JSON.parse(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`);
  const tools = [
    tool('good'),
    { name: 'no-schema' },
    tool('with space'),
    tool('good'),
    tool('deep', { _meta: deep }),
    'not even an object',
    tool('last'),
  ];
  const server = await raw(({ method }) => (method === 'tools/list' ? { result: { tools } } : undefined));
  const lists = given(await (await connect(http(server.url))).lists(call()));
  expect(lists.tools.map(({ name }) => name)).toEqual(['good', 'last']);
  expect(lists.broken.map(({ name }) => name)).toEqual(['no-schema', 'with space', 'good', 'deep', 'number 6']);
  expect(lists.broken.every(({ reason }) => reason.length > 5)).toBe(true);
});

test('pages without an end come to one', async () => {
  let page = 0;
  const endless = await raw(({ method }) =>
    method === 'tools/list' ? { result: { tools: [tool(`t${++page}`)], nextCursor: `c${page}` } } : undefined,
  );
  expect(given(await (await connect(http(endless.url))).lists(call())).tools).toHaveLength(64);
});

test('a server that was started anew is told apart from a refusal: the connection is gone, and nothing was done', async () => {
  const server = await raw(({ method }) => (method === 'tools/call' ? { result: { content: [] } } : undefined));
  const connection = await connect(http(server.url));
  expect(errorOf(await connection.callTool(tool('t'), {}, call()))).toBe('ok');
  server.restart();
  expect(await connection.callTool(tool('t'), {}, call())).toMatchObject({ ok: false, error: { code: 'Closed', sent: false } });
});

test('a stop reaches the tool and is told apart from a time that ran out', async () => {
  const server = await raw(() => undefined);
  const connection = await connect(http(server.url));
  const stop = new AbortController();
  const stopped = connection.callTool(tool('slow'), {}, call({ signal: stop.signal }));
  await until(() => server.asked.some(({ method }) => method === 'tools/call'));
  stop.abort();
  expect(errorOf(await stopped)).toBe('Cancelled');
  await until(() => server.asked.some(({ method }) => method === 'notifications/cancelled'));
  expect(errorOf(await connection.callTool(tool('slow'), {}, call({ timeoutMs: 50 })))).toBe('Timeout');
});

test('an unknown tool is refused alike, however the server says so', async () => {
  const old = await connect(stdio('node', [entryOf('everything')]));
  const thrown = await raw(({ method }) => (method === 'tools/call' ? { error: { code: -32602, message: 'Unknown tool' } } : undefined));
  for (const connection of [old, await connect(http(thrown.url))])
    expect(errorOf(await connection.callTool(tool('nope'), {}, call()))).toBe('Refused');
});

test('many notices of changed lists are told once', async () => {
  let told = 0;
  const chatty =
    "if(m.method==='notifications/initialized'){for(let i=0;i<20;i++)process.stdout.write(JSON.stringify({jsonrpc:'2.0',method:'notifications/tools/list_changed'})+'\\n');return;}";
  const script = scripted(chatty).map((text) => text.replace('capabilities:{tools:{}}', 'capabilities:{tools:{listChanged:true}}'));
  await connect(stdio('node', script), { onChanged: () => void told++ });
  await until(() => told > 0);
  expect(told).toBe(1);
});

test('a login that is wanted, and a ban, are what they are', async () => {
  for (const [status, code] of [
    [401, 'NeedsAuth'],
    [403, 'Forbidden'],
  ] as const) {
    const server = await raw(() => ({ status }));
    expect(errorOf(await connector.connect(http(server.url), call()))).toBe(code);
  }
  const gone = await raw(() => undefined);
  await gone.close();
  expect(errorOf(await connector.connect(http(gone.url), call()))).toBe('Unreachable');
});

test('a server of the new era is spoken to in it, and what it said of itself is taken up again without asking', async () => {
  const handler = createMcpHandler(() => {
    const server = new Server({ name: 'modern', version: '9' }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/list', () => ({ tools: [tool('hello')] }) as never);
    server.setRequestHandler('tools/call', ({ params }) => ({ content: [{ type: 'text', text: `hello ${params.arguments?.who}` }] }) as never);
    return server;
  });
  const asked: string[] = [];
  const node = toNodeHandler(handler);
  const server = createServer((req, res) => {
    asked.push(String(req.headers['mcp-method'] ?? req.method));
    void node(req, res);
  });
  servers.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target = http(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const first = await connect(target);
  expect(first.facts).toMatchObject({ era: 'modern', protocolVersion: '2026-07-28', serverName: 'modern' });
  expect(given(await first.callTool(tool('hello'), { who: 'Ada' }, call()))).toMatchObject({ content: [{ text: 'hello Ada' }], isError: false });
  asked.length = 0;
  const second = await connect(target, { prior: first.facts.prior });
  expect(asked).not.toContain('server/discover');
  expect(given(await second.lists(call())).tools).toHaveLength(1);
});
