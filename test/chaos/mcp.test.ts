import { expect, test } from 'vitest';
import { mcpChaos } from './mcp.ts';

test('whatever way connections to child processes end, none of these is left over', { timeout: 120_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { failed, orphans } = await mcpChaos({ connects: 24, seed });
  expect({ seed, failed, orphans }).toEqual({ seed, failed: 0, orphans: [] });
});
