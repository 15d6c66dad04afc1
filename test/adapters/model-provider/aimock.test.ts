import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelMessage } from '../../../src/adapters/model-provider/port.ts';
import { ask, hearProvider, modelError } from './calls.ts';
import { wires } from './wires.ts';

const mock = new LLMock({ port: 0 });
beforeAll(async () => {
  mock.onToolResult('call_w1', { content: 'It is 21 degrees.' });
  mock.onMessage('greet', { content: 'Grüße aus der Ferne', reasoning: 'be kind', usage: { input_tokens: 11, output_tokens: 7 } }, { chunkSize: 3 });
  mock.onMessage('weather', { toolCalls: [{ id: 'call_w1', name: 'weather', arguments: '{"city":"Łódź","days":[1,2]}' }] }, { chunkSize: 4 });
  mock.onMessage('break', { content: 'a rather long answer that is never finished' }, { chunkSize: 4, truncateAfterChunks: 4, latency: 10 });
  mock.onMessage('limit', { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429 });
  await mock.start();
});
afterAll(() => mock.stop());

describe.each(wires.map(({ name, create }) => ({ name, provider: () => create(mock.url, 'mock-key-0123456789') })))(
  '$name against an independent mock',
  ({ provider }) => {
    test('streams reasoning and text', async () => {
      const heard = await hearProvider(provider(), ask('greet'));
      expect(heard.error).toBeUndefined();
      expect(heard).toMatchObject({ text: 'Grüße aus der Ferne', reasoning: 'be kind' });
      expect(heard.chunks.at(-1)).toMatchObject({ type: 'finish', reason: 'stop' });
      expect(heard.chunks.filter(({ type }) => type === 'text').length).toBeGreaterThan(1);
    });

    test('calls a tool, and goes on with its result', async () => {
      const tools = [{ name: 'weather', parameters: { type: 'object', properties: {} } }];
      const first = await hearProvider(provider(), ask('weather', { tools }));
      const call = first.chunks.find((chunk) => chunk.type === 'tool-call');
      if (call?.input === undefined) throw new Error('no tool call came');
      expect(call).toMatchObject({ toolName: 'weather', input: { city: 'Łódź', days: [1, 2] } });
      expect(first.chunks.at(-1)).toMatchObject({ reason: 'tool-calls' });
      const { toolName, input } = call;
      const messages: ModelMessage[] = [
        ...ask('weather').messages,
        { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'call_w1', toolName, input }] },
        { role: 'tool', toolCallId: 'call_w1', toolName, output: { degrees: 21 } },
      ];
      const second = await hearProvider(provider(), ask('', { messages, tools }));
      expect(second.error).toBeUndefined();
    });

    test('delivers what came before a cut', async () => {
      const heard = await hearProvider(provider(), ask('break'));
      expect(heard.error).toMatchObject({ code: 'Unavailable' });
      expect('a rather long answer that is never finished').toContain(heard.text);
      expect(heard.text).not.toBe('');
    });

    test('names a refusal for too many requests', async () => {
      expect(modelError((await hearProvider(provider(), ask('limit'))).error)).toMatchObject({ code: 'RateLimited', retryable: true });
    });

    test('lists models by their provider', async () => {
      for (const { id, provider: owner, name } of await provider()
        .models()
        .catch(() => []))
        expect(id).toBe(`${owner}/${name}`);
    });
  },
);
