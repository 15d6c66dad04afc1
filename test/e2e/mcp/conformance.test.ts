import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestServer } from '../../api/http/start-server.ts';
import { startMcpServer } from '../../api/mcp/mcp-server.ts';
import { type ConformanceClient, startConformanceClient } from '../../conformance/client.ts';

const runner = fileURLToPath(new URL('../../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url));
const baseline = (revision: string): string => fileURLToPath(new URL(`./expected-failures-${revision}.yml`, import.meta.url));

const text = (said: string) => ({ role: 'user', content: { type: 'text', text: said } });
const argument = (name: string, ...values: string[]) => ({
  name,
  description: `The ${name}`,
  required: true,
  ...(values.length > 0 ? { values } : {}),
});
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** The prompts that the suite asks for, made as a person makes them. */
const fixtures = {
  test_simple_prompt: { messages: [text('This is a simple prompt for testing.')] },
  test_prompt_with_arguments: {
    arguments: [argument('arg1', 'paris', 'park', 'party'), argument('arg2')],
    messages: [text("Prompt with arguments: arg1='{{arg1}}', arg2='{{arg2}}'")],
  },
  test_prompt_with_embedded_resource: {
    arguments: [argument('resourceUri')],
    messages: [
      {
        role: 'user',
        content: { type: 'resource', uri: '{{resourceUri}}', mediaType: 'text/plain', text: 'Embedded resource content for testing.' },
      },
      text('Please process the embedded resource above.'),
    ],
  },
  test_prompt_with_image: {
    messages: [{ role: 'user', content: { type: 'image', mediaType: 'image/png', data: PNG } }, text('Please analyze the image above.')],
  },
};

interface Ended {
  readonly code: number | null;
  readonly output: string;
}
let server: TestServer;
let client: ConformanceClient;
beforeAll(async () => {
  [server, client] = await Promise.all([startMcpServer(), startConformanceClient()]);
  for (const [name, content] of Object.entries(fixtures)) {
    const made = await server.call('POST', '/api/prompts', { body: { name, content: { description: `For the suite: ${name}`, ...content } } });
    expect(made.status, await made.text()).toBe(201);
  }
});
afterAll(() => Promise.all([server.stop(), client.close()]));

function conform(revision: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const all = [runner, ...args, '--requirements', revision, '--expected-failures', baseline(revision)];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, output }));
  });
}

/** Exits with 0 only if what fails is what the baseline says, and all of that still fails. */
test.each(['2025-11-25', '2026-07-28'])('the MCP server keeps what %s requires, but for what the baseline gives a reason for', async (revision) => {
  const { code, output } = await conform(revision, ['server', '--url', `${server.url}/mcp`]);
  expect(code, output).toBe(0);
  for (const scenario of ['prompts-list', 'prompts-get-simple', 'prompts-get-with-args', 'prompts-get-embedded-resource', 'prompts-get-with-image'])
    expect(output, output).toMatch(new RegExp(`✓ ${scenario}: \\d+ passed, 0 failed`));
});

const passed = { '2025-11-25': ['initialize', 'sse-retry'], '2026-07-28': ['request-metadata', 'http-custom-headers'] } as const;
test.each(['2025-11-25', '2026-07-28'] as const)(
  'the tools that a chat calls keep what %s requires of a client, but for what the baseline gives a reason for',
  async (revision) => {
    const { code, output } = await conform(revision, ['client', '--command', client.command, '--timeout', '90000'], client.environment);
    expect(code, output).toBe(0);
    for (const scenario of ['tools_call', ...passed[revision]]) expect(output, output).toMatch(new RegExp(`✓ ${scenario}: \\d+ passed, 0 failed`));
  },
);
