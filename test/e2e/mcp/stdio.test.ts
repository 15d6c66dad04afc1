import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, test } from 'vitest';
import { until } from '../../harness/until.ts';
import { annals, call, cleanUp, newFolder, startOn } from '../process/processes.ts';

cleanUp();
const main = new URL('../../../src/main.js', import.meta.url).pathname;
const text = (said: string) => ({ arguments: [{ name: 'who' }], messages: [{ role: 'user', content: { type: 'text', text: said } }] });

test.each(['legacy', 'modern'] as const)(
  'over stdio a client of the %s era has the prompts of the running server, and hears of changes',
  async (era) => {
    const folder = newFolder();
    const server = await startOn(folder);
    await call(server.url, 'POST', '/api/prompts', { name: 'greet', content: text('Hello {{who}}') });
    let notices = 0;
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      {
        versionNegotiation: { mode: era === 'legacy' ? 'legacy' : { pin: '2026-07-28' } },
        listChanged: { prompts: { autoRefresh: false, debounceMs: 0, onChanged: () => void notices++ } },
      },
    );
    const args = ['--disable-warning=ExperimentalWarning', main, 'mcp', '--data', folder];
    await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'inherit' }));
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain('greet');
    const { messages } = await client.getPrompt({ name: 'greet', arguments: { who: '{{who}}' } });
    expect(messages[0]?.content).toEqual({ type: 'text', text: 'Hello {{who}}' });
    await expect(client.getPrompt({ name: 'translate' })).rejects.toMatchObject({ code: -32_602 });
    let made = 0;
    await until(async () => {
      await call(server.url, 'POST', '/api/prompts', { name: `new-${made++}`, content: text('x') });
      await new Promise((later) => setTimeout(later, 300));
      return notices > 0;
    });
    await client.close();
    expect(await server.kill('SIGTERM'), server.output()).toBe(0);
  },
);

test('without a server it says so and ends', async () => {
  const ended = await annals(['mcp', '--data', newFolder()]);
  expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^annals: No server runs on /) });
  const elsewhere = await annals(['mcp', '--url', 'http://127.0.0.1:1'], { ANNALS_TOKEN: 'x' });
  expect(elsewhere).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/does not answer/) });
});
