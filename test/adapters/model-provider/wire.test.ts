import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { ModelErrorCode, ModelMessage, Usage } from '../../../src/adapters/model-provider/port.ts';
import { ask, hearProvider, modelError } from './calls.ts';
import { type RawServer, serve, streamFrames } from './raw-server.ts';
import { openaiWire, type Wire, wires } from './wires.ts';

const key = 'sk-canary-0123456789abcdef-XYZ';
const servers: RawServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
const serving = async (...handle: Parameters<typeof serve>) => {
  const server = await serve(...handle);
  servers.push(server);
  return server;
};
const answering = async (wire: Wire, frames: readonly (string | Uint8Array)[], options?: Parameters<typeof streamFrames>[2]) => {
  const server = await serving((_request, response) => streamFrames(response, frames, options));
  return { server, heard: await hearProvider(wire.create(server.url, key), ask('Hello')) };
};
const refusing = async (wire: Wire, status: number, body: string, headers: Record<string, string> = {}) => {
  const server = await serving((_request, response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body));
  return modelError((await hearProvider(wire.create(server.url, key), ask('Hello'))).error);
};

for (const wire of wires) {
  describe(`on the wire of ${wire.name}`, () => {
    test.each<[string, Usage]>([
      ['cached and reasoning tokens', { inputTokens: 100, outputTokens: 50, cachedInputTokens: 80, reasoningTokens: 20 }],
      ['plain figures', { inputTokens: 7, outputTokens: 5 }],
      ['zeros', { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 }],
    ])('usage is passed on as reported: %s', async (_what, usage) => {
      const { heard } = await answering(wire, [...wire.begin(usage), wire.text('Hi'), ...wire.end('stop', usage)]);
      expect(heard.error).toBeUndefined();
      expect(heard.chunks.filter((chunk) => chunk.type === 'usage')).toEqual([{ type: 'usage', usage }]);
    });

    test('usage that was not reported stays absent', async () => {
      const { heard } = await answering(wire, [...wire.begin(), wire.text('Hi'), ...wire.end('stop')]);
      expect(heard.error).toBeUndefined();
      expect(heard.chunks.some(({ type }) => type === 'usage')).toBe(false);
    });

    test('figures that are no numbers count as not reported', async () => {
      const frames = wire.end('stop', { inputTokens: 7, outputTokens: 5 }).map((frame) => frame.replace(/:[57]([,}])/g, ':"many"$1'));
      const { heard } = await answering(wire, [...wire.begin(), wire.text('Hi'), ...frames]);
      expect(heard.error).toBeUndefined();
      expect(heard.text).toBe('Hi');
    });

    test('two tool calls in one answer come out as two', async () => {
      const calls = [
        { id: 'call_a', name: 'one', pieces: ['{"a":', '1}'] },
        { id: 'call_b', name: 'two', pieces: ['{}'] },
      ];
      const { heard } = await answering(wire, [...wire.begin(), ...wire.calls(calls), ...wire.end('tool-calls')]);
      expect(heard.chunks.filter((chunk) => chunk.type === 'tool-call')).toMatchObject([
        { toolCallId: 'call_a', toolName: 'one', input: { a: 1 } },
        { toolCallId: 'call_b', toolName: 'two', input: {} },
      ]);
    });

    test.each<[number, ModelErrorCode, boolean]>([
      [400, 'BadRequest', false],
      [401, 'Unauthorized', false],
      [403, 'Unauthorized', false],
      [404, 'NotFound', false],
      [408, 'Timeout', true],
      [409, 'Unavailable', true],
      [413, 'BadRequest', false],
      [422, 'BadRequest', false],
      [429, 'RateLimited', true],
      [500, 'Unavailable', true],
      [502, 'Unavailable', true],
      [503, 'Unavailable', true],
      [504, 'Timeout', true],
      [529, 'Unavailable', true],
      [307, 'Unavailable', false],
    ])('status %i is %s', async (status, code, retryable) => {
      expect(await refusing(wire, status, wire.error(status, 'no'), { location: 'http://127.0.0.1:1/' })).toMatchObject({ code, retryable });
    });

    test('Retry-After arrives as milliseconds', async () => {
      expect((await refusing(wire, 429, wire.error(429, 'slow down'), { 'retry-after': '2' })).retryAfter).toBe(2_000);
      expect((await refusing(wire, 429, wire.error(429, 'slow down'), { 'retry-after-ms': '150' })).retryAfter).toBe(150);
    });

    test('no call is repeated by the SDK itself', async () => {
      const server = await serving((_request, response) => response.writeHead(500, { 'content-type': 'application/json' }).end('{}'));
      await hearProvider(wire.create(server.url, key), ask('Hello'));
      expect(server.bodies).toHaveLength(1);
    });

    test('a refused connection is Unavailable and may be tried again', async () => {
      const server = await serve(() => {});
      await server.close();
      expect((await hearProvider(wire.create(server.url, key), ask('Hello'))).error).toMatchObject({ code: 'Unavailable', retryable: true });
    });

    test.each([
      ['as it is', key],
      ['in the Authorization header', `{"authorization":"Bearer ${key}"}`],
      ['cut short', `Incorrect API key provided: ${key.slice(0, 14)}`],
      ['its end only', `…${key.slice(-12)}`],
      ['in base64', Buffer.from(key).toString('base64')],
      ['in upper case', key.toUpperCase()],
    ])('a provider that echoes the key %s does not give it away', async (_how, echo) => {
      const errors = [
        await refusing(wire, 401, wire.error(401, `You sent ${echo}`)),
        await refusing(wire, 500, `<html>${echo}</html>`),
        modelError((await answering(wire, [`event: error\ndata: ${wire.error(500, `You sent ${echo}`)}\n\n`])).heard.error),
      ];
      for (const error of errors) {
        const shown = JSON.stringify([error.message, error.stack, { ...error }, String(error.cause)]).toLowerCase();
        for (const part of [key.slice(3, 14), key.slice(-12), Buffer.from(key).toString('base64').slice(4, 16)])
          expect(shown).not.toContain(part.toLowerCase());
      }
    });

    test('the key goes out with the request, and what the provider says without secrets is told', async () => {
      const server = await serving((_request, response) =>
        response.writeHead(400, { 'content-type': 'application/json' }).end(wire.error(400, 'The context is too long')),
      );
      const { error } = await hearProvider(wire.create(server.url, key), ask('Hello'));
      expect(modelError(error).said).toContain('The context is too long');
      expect(JSON.stringify(server.headers[0])).toContain(key);
    });

    test('an error within an answer that began as a success is a typed error after the text before it', async () => {
      const { heard } = await answering(wire, [...wire.begin(), wire.text('so far'), `event: error\ndata: ${wire.error(429, 'slow down')}\n\n`]);
      expect(heard.text).toBe('so far');
      expect(modelError(heard.error).code).toBe('RateLimited');
    });

    test('an error object instead of a stream is a typed error', async () => {
      const { heard } = await answering(wire, [wire.error(429, 'slow down')], { contentType: 'application/json' });
      expect(modelError(heard.error).code).toBe('RateLimited');
    });

    test.each([
      ['a web page with status 200', ['<!doctype html><html><body>Log in</body></html>'], 'text/html; charset=utf-8'],
      ['a whole answer instead of a stream', ['{"choices":[{"message":{"content":"Hi"}}]}'], 'application/json'],
      ['nothing at all', [], 'text/event-stream'],
      ['prose', ['I am no event stream\n\n'], 'text/event-stream'],
      ['broken JSON', ['data: {"choices":[{"del\n\n'], 'text/event-stream'],
      ['JSON of another kind', ['data: [1,2]\n\n', 'data: "x"\n\n', 'data: null\n\n'], 'text/event-stream'],
      ['a line of ten megabytes', [`data: ${'x'.repeat(10_000_000)}`], 'text/event-stream'],
    ])('%s is a typed error', async (_what, frames, contentType) => {
      const { heard } = await answering(wire, frames, { contentType });
      expect(heard.text).toBe('');
      expect(modelError(heard.error).code).toBe('Unavailable');
    });

    test('text before broken JSON is delivered', async () => {
      const { heard } = await answering(wire, [...wire.begin(), wire.text('so far'), 'data: {"broken\n\n', wire.text('never')]);
      expect(heard.text).toBe('so far');
      expect(modelError(heard.error).code).toBe('Unavailable');
    });

    test('an answer without its end was cut off', async () => {
      const { heard } = await answering(wire, [...wire.begin(), wire.text('so far')]);
      expect(heard.text).toBe('so far');
      expect(modelError(heard.error).code).toBe('Unavailable');
    });

    test('the last event counts without its blank line, and without [DONE]', async () => {
      const frames = [...wire.begin(), wire.text('Hi'), ...wire.end('stop')].filter((frame) => !frame.includes('[DONE]')).join('');
      const { heard } = await answering(wire, [frames.trimEnd()]);
      expect(heard).toMatchObject({ text: 'Hi', chunks: expect.arrayContaining([expect.objectContaining({ type: 'finish' })]) });
    });

    test.each<[string, (frames: string) => string]>([
      ['CRLF', (frames) => frames.replaceAll('\n', '\r\n')],
      ['CR', (frames) => frames.replaceAll('\n', '\r')],
      ['comments and signs of life between', (frames) => frames.replaceAll('\n\n', '\n\n: alive\n\ndata:\n\n')],
      ['a comment within each event', (frames) => frames.replaceAll('data:', ': thinking\ndata:')],
      ['no space after the colon', (frames) => frames.replaceAll('data: ', 'data:')],
      ['a byte order mark', (frames) => `\uFEFF${frames}`],
      ['names of its own for events', (frames) => frames.replaceAll(/(event: .*\n)?data:/g, 'event: thread.execute\ndata:')],
      ['no names for events', (frames) => frames.replaceAll(/event: .*\n/g, '')],
      ['data in several lines', (frames) => frames.replaceAll(/^(data: \{)/gm, '$1\ndata: ')],
    ])('a stream with %s says the same', async (_what, spoil) => {
      const bytes = Buffer.from(
        spoil([...wire.begin(), wire.text('Grü'), wire.text('ße 👩‍🚀'), ...wire.end('stop', { inputTokens: 1, outputTokens: 2 })].join('')),
      );
      const { heard } = await answering(
        wire,
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
      );
      expect(heard).toMatchObject({ text: 'Grüße 👩‍🚀' });
      expect(heard.error).toBeUndefined();
    });

    test('a compressed answer is read', async () => {
      const bytes = gzipSync([...wire.begin(), wire.text('Grüße'), ...wire.end('stop')].join(''));
      const server = await serving((_request, response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).end(bytes),
      );
      expect(await hearProvider(wire.create(server.url, key), ask('Hello'))).toMatchObject({ text: 'Grüße' });
    });

    test('a whole conversation with files, calls and results goes out and is valid JSON with everything in it', async () => {
      const messages: ModelMessage[] = [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'file', mediaType: 'image/png', base64: 'aW1hZ2U=' },
            { type: 'file', mediaType: 'application/pdf', base64: 'cGRm', filename: 'a.pdf' },
            { type: 'file', mediaType: 'text/csv', base64: Buffer.from('name,age').toString('base64'), filename: 'b.csv' },
            { type: 'file', mediaType: 'application/zip', base64: 'emlw', filename: 'c.zip' },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'calling' },
            { type: 'tool-call', toolCallId: 'call_1', toolName: 'weather', input: { city: 'Bonn' } },
          ],
        },
        { role: 'tool', toolCallId: 'call_1', toolName: 'weather', output: { degrees: 21 } },
        { role: 'user', content: [{ type: 'text', text: 'and now?' }] },
      ];
      const server = await serving((_request, response) => streamFrames(response, [...wire.begin(), wire.text('ok'), ...wire.end('stop')]));
      const tools = [{ name: 'weather', description: 'tells it', parameters: { type: 'object', properties: { city: { type: 'string' } } } }];
      const request = ask('', { messages, tools, system: 'be brief', settings: { temperature: 0.5, topP: 0.9, maxOutputTokens: 77 } });
      expect((await hearProvider(wire.create(server.url, key), request)).text).toBe('ok');
      const body = JSON.stringify(JSON.parse(server.bodies[0] ?? ''));
      for (const part of [
        'look',
        'aW1hZ2U=',
        'cGRm',
        'name,age',
        'c.zip',
        'calling',
        'call_1',
        'Bonn',
        'degrees',
        'and now?',
        'be brief',
        'tells it',
        '0.5',
        '0.9',
        '77',
      ]) {
        expect(body).toContain(part);
      }
    });
  });
}

describe('compatible servers', () => {
  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const calls = async (...frames: string[]) =>
    (await answering(openaiWire, [...frames, chunk({}, 'stop')])).heard.chunks.filter((one) => one.type === 'tool-call');

  test('calls that all carry index 0 are told apart by their ids', async () => {
    const call = (id: string) => chunk({ tool_calls: [{ index: 0, id, function: { name: 'look', arguments: `{"id":"${id}"}` } }] });
    expect(await calls(call('a'), call('b'))).toMatchObject([
      { toolCallId: 'a', input: { id: 'a' } },
      { toolCallId: 'b', input: { id: 'b' } },
    ]);
  });

  test('fragments without an index belong to the call before', async () => {
    const begun = chunk({ tool_calls: [{ id: 'a', function: { name: 'look', arguments: '{"x"' } }] });
    expect(await calls(begun, chunk({ tool_calls: [{ function: { arguments: ':1}' } }] }))).toMatchObject([{ toolCallId: 'a', input: { x: 1 } }]);
  });

  test('a call without an id gets one, and input that is no JSON is undefined', async () => {
    const [call] = await calls(chunk({ tool_calls: [{ index: 0, function: { name: 'look', arguments: '{"x' } }] }));
    expect(call).toMatchObject({ input: undefined, inputText: '{"x', toolCallId: expect.stringMatching(/^call_./) });
  });

  test('usage told several times counts once, the last of them', async () => {
    const told = (completion_tokens: number) => `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 2, completion_tokens } })}\n\n`;
    const { heard } = await answering(openaiWire, [openaiWire.text('Hi'), told(1), chunk({}, 'stop'), told(9)]);
    expect(heard.chunks.filter((one) => one.type === 'usage')).toEqual([{ type: 'usage', usage: { inputTokens: 2, outputTokens: 9 } }]);
  });

  test('reasoning under the other name is reasoning', async () => {
    expect((await answering(openaiWire, [chunk({ reasoning: 'Hm' }), chunk({}, 'stop')])).heard.reasoning).toBe('Hm');
  });

  test('a content policy has a name of its own', async () => {
    const error = await refusing(openaiWire, 400, JSON.stringify({ error: { code: 'content_policy_violation', message: 'no' } }));
    expect(error).toMatchObject({ code: 'ContentPolicy', retryable: false });
  });

  test('unknown events of a hostile server are passed over', async () => {
    const { heard } = await answering(openaiWire, ['event: execute\ndata: {"code":"alert(1)"}\n\n', openaiWire.text('Hi'), chunk({}, 'stop')]);
    expect(heard.chunks.map(({ type }) => type)).toEqual(['text', 'finish']);
  });
});
