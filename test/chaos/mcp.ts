import { readdirSync, readFileSync } from 'node:fs';
import { createGuardedFetch } from '../../src/adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../../src/adapters/mcp/connector.ts';
import { isGroupAlive } from '../../src/adapters/mcp/process-group.ts';
import { seeded } from './seeded.ts';

export interface McpChaos {
  readonly connects: number;
  readonly failed: number;
  readonly killed: number;
  /** Processes that are still there although nobody wants them. */
  readonly orphans: readonly number[];
}

/** In the name of every process that this run starts, grandchildren too. */
const MARK = 'annals-chaos-mcp';
const server = (mark: string): string =>
  `process.title='${mark}';const say=(id,result)=>process.stdout.write(JSON.stringify({jsonrpc:'2.0',id,result})+'\\n');
   require('node:readline').createInterface({input:process.stdin}).on('line',(l)=>{const m=JSON.parse(l);
   if(m.method==='initialize')say(m.id,{protocolVersion:'2025-11-25',capabilities:{tools:{}},serverInfo:{name:'c',version:'1'}});
   else if(m.method==='tools/call')setTimeout(()=>say(m.id,{content:[]}),20);
   else if(m.id!==undefined)process.stdout.write(JSON.stringify({jsonrpc:'2.0',id:m.id,error:{code:-32601,message:'no'}})+'\\n');});`;

/** Connects that often, a few at a time, and ends each in another way: asked to, killed, killed while it is called, by a stop before it is there. */
export async function mcpChaos({ connects, seed, sideBySide = 4 }: { connects: number; seed: number; sideBySide?: number }): Promise<McpChaos> {
  const random = seeded(seed);
  const { fetch, close } = createGuardedFetch();
  const connector = createMcpConnector({ fetch, version: 'chaos' });
  const mark = `${MARK}-${seed}`;
  const script = `"$0" -e "setInterval(()=>{},1000)" ${mark} & exec "$0" -e "$1" ${mark}`;
  const target = { kind: 'stdio', command: 'sh', args: ['-c', script, process.execPath, server(mark)], env: {} } as const;
  const leaders = new Set<number>();
  let failed = 0;
  let killed = 0;
  let left = connects;

  const one = async (): Promise<void> => {
    const way = Math.floor(random() * 4);
    const stop = way === 3 ? AbortSignal.timeout(Math.floor(random() * 200)) : AbortSignal.timeout(30_000);
    const connected = await connector.connect(target, { signal: stop, timeoutMs: 20_000, prior: { era: 'legacy' } });
    if (!connected.ok) {
      failed += way === 3 ? 0 : 1;
      return;
    }
    const { facts, callTool, close: end } = connected.value;
    const { pid = 0 } = facts;
    leaders.add(pid);
    if (way === 1 || way === 2) {
      const calling =
        way === 2
          ? callTool({ name: 't', inputSchema: { type: 'object' } }, {}, { signal: AbortSignal.timeout(10_000), timeoutMs: 5000 })
          : undefined;
      process.kill(pid, 'SIGKILL');
      killed += 1;
      await calling;
      await connected.value.closed;
    }
    await end();
  };
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: sideBySide }, lane));
  await close();
  return { connects, failed, killed, orphans: [...[...leaders].filter(isGroupAlive), ...marked(mark)] };
}

function marked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(mark);
      } catch {
        return false;
      }
    })
    .map(Number);
}
