import { afterEach, expect, test } from 'vitest';
import { createGuardedFetch } from '../../../src/adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../../../src/adapters/mcp/connector.ts';
import type { McpConnection, McpConnectOptions, McpTarget } from '../../../src/adapters/mcp/port.ts';
import { isGroupAlive } from '../../../src/adapters/mcp/process-group.ts';
import { type RawMcp, startRawMcp, tool } from '../../harness/raw-mcp.ts';
import { until } from '../../harness/until.ts';

const { fetch } = createGuardedFetch({ allow: ['*'] });
const connector = createMcpConnector({ fetch, version: 'test' });
const opened: McpConnection[] = [];
const servers: RawMcp[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((connection) => connection.close()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const call = { signal: AbortSignal.timeout(60_000), timeoutMs: 20_000 };
async function connect(target: McpTarget, options: Partial<McpConnectOptions> = {}): Promise<McpConnection> {
  const connected = await connector.connect(target, { ...call, ...options });
  if (!connected.ok) throw new Error(connected.error.message);
  opened.push(connected.value);
  return connected.value;
}
const raw = async (...args: Parameters<typeof startRawMcp>): Promise<McpTarget> => {
  const server = await startRawMcp(...args);
  servers.push(server);
  return { kind: 'http', url: server.url, headers: {} };
};
/** A server in a few lines of script, in the old handshake; `onCall` is what it does when a tool is called by message `m`. */
const scripted = (onCall: string): McpTarget => ({
  kind: 'stdio',
  command: 'node',
  env: {},
  args: [
    '-e',
    `const out=(message)=>process.stdout.write(JSON.stringify({jsonrpc:'2.0',...message})+'\\n');
     require('node:readline').createInterface({input:process.stdin}).on('line',(l)=>{const m=JSON.parse(l);
     if(m.method==='initialize')return out({id:m.id,result:{protocolVersion:'2025-11-25',capabilities:{tools:{listChanged:true}},serverInfo:{name:'s',version:'1'}}});
     if(m.method==='tools/call'){${onCall}}
     else if(m.id!==undefined)out({id:m.id,error:{code:-32601,message:'no'}});});`,
  ],
});
const said = (text: string) => ({ content: [{ type: 'text', text }] });

test('a result that is far too long is not taken, over either way, and the program that sent it is ended', async () => {
  const big = said('x'.repeat(20_000_000));
  const overHttp = await connect(await raw(({ method }) => (method === 'tools/call' ? { result: big } : undefined)));
  expect((await overHttp.callTool(tool('big'), {}, call)).ok).toBe(false);
  const overStdio = await connect(scripted(`out({id:m.id,result:{content:[{type:'text',text:'x'.repeat(50e6)}]}});`));
  expect(await overStdio.callTool(tool('big'), {}, call)).toMatchObject({ ok: false, error: { sent: true } });
  await until(() => !isGroupAlive(overStdio.facts.pid ?? 0));
});

test('definitions that are huge, refer to themselves or elsewhere, or never end hide none of the others', async () => {
  const target = await raw(({ method, params }) => {
    if (method !== 'tools/list') return undefined;
    const n = Number(params?.cursor ?? 0);
    const cyclic = { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { $ref: '#/$defs/a' } } };
    const remote = { type: 'object', properties: { a: { $ref: `${servers[0]?.url}/schema.json` } } };
    const odd = [
      tool('huge', { description: 'x'.repeat(10_000_000) }),
      tool('cyclic', { inputSchema: cyclic }),
      tool('remote', { inputSchema: remote }),
    ];
    return { result: { tools: [...(n === 0 ? odd : []), tool(`good-${n}`)], nextCursor: String(n + 1) } };
  });
  const lists = await (await connect(target)).lists(call);
  if (!lists.ok) throw new Error(lists.error.message);
  const [{ asked } = { asked: [] }] = servers;
  expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['server/discover', 'initialize', 'notifications/initialized', 'tools/list']));
  expect(lists.value.broken.map(({ name }) => name)).toEqual(['huge']);
  expect(lists.value.tools.map(({ name }) => name).slice(0, 3)).toEqual(['cyclic', 'remote', 'good-0']);
  expect(lists.value.tools).toHaveLength(66);
});

test('a flood of notices holds no answer up, and is told as one', async () => {
  let told = 0;
  const notice = `JSON.stringify({jsonrpc:'2.0',method:'notifications/tools/list_changed'})+'\\n'+JSON.stringify({jsonrpc:'2.0',method:'notifications/made-up'})+'\\n'`;
  const flooding = scripted(`process.stdout.write((${notice}).repeat(10000));out({id:m.id,result:{content:[{type:'text',text:'here'}]}});`);
  const connection = await connect(flooding, { onChanged: () => void told++ });
  expect(await connection.callTool(tool('t'), {}, call)).toMatchObject({ ok: true, value: { content: [{ text: 'here' }] } });
  await until(() => told > 0);
  expect(told).toBeLessThan(4);
});

test('answers to what nobody has asked, and second answers, are none: each call gets its own', async () => {
  const evil = (id: string) => `out({id:${id},result:{content:[{type:'text',text:'evil'}]}});`;
  const right = `out({id:m.id,result:{content:[{type:'text',text:m.params.arguments.mine}]}});`;
  const connection = await connect(scripted(`${evil('m.id+1')}${evil('m.id-1')}${evil('String(m.id)+"x"')}${right}${evil('m.id')}`));
  const markers = Array.from({ length: 20 }, (_, n) => `mine-${n}`);
  const answers = [];
  for (const mine of markers) answers.push(await connection.callTool(tool('t'), { mine }, call));
  expect(answers.map((answer) => answer.ok && 'content' in answer.value && answer.value.content[0]?.text)).toEqual(markers);
});
