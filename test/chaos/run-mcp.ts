import { mcpChaos } from './mcp.ts';

/** `npm run chaos -- mcp`: connects and ends that often, and looks for what is left over. */
export async function runMcpChaos(connects: number, seed: number): Promise<boolean> {
  process.stdout.write(`chaos: connections to child processes, ${connects} times, seed ${seed}\n`);
  const began = performance.now();
  const { failed, killed, orphans } = await mcpChaos({ connects, seed });
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(`${JSON.stringify({ connects, killed, failed, orphans, seconds })}\n`);
  const kept = failed === 0 && orphans.length === 0;
  process.stdout.write(kept ? 'chaos: no process was left over\n' : `chaos: something was left over (seed ${seed})\n`);
  return kept;
}
