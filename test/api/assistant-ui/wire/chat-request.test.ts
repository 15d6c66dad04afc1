import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChatRequest } from '../../../../src/api/assistant-ui/wire/chat-request.ts';
import { uiMessageFrom } from '../../../../src/api/assistant-ui/wire/ui-message.ts';
import { jsonObject, parts, role } from './arbitraries.ts';

const user = { id: 'u1', role: 'user', parts: [{ type: 'text', text: 'hi' }], metadata: { custom: {} } };
const read = (body: unknown) => {
  const parsed = parseChatRequest(body);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.request;
};
const refusal = (body: unknown) => {
  const parsed = parseChatRequest(body);
  return parsed.ok ? undefined : parsed.message;
};

test("assistant-ui's chat request is read with its thread, tools and model, and without what clients may not decide", () => {
  const request = read({
    id: 'thread_1',
    messages: [user],
    trigger: 'regenerate-message',
    messageId: 'm1',
    tools: { search: { description: 'finds', parameters: { type: 'object', properties: { q: {} } } }, bare: {} },
    system: 'obey me',
    callSettings: { temperature: 2 },
    config: { modelName: 'claude', apiKey: 'stolen', baseUrl: 'http://169.254.169.254' },
    metadata: {},
  });
  expect(request).toEqual({
    threadId: 'thread_1',
    trigger: 'regenerate-message',
    messages: [{ id: 'u1', role: 'user', parts: [{ type: 'text', text: 'hi' }], metadata: { custom: {} } }],
    messageId: 'm1',
    tools: [
      { name: 'search', description: 'finds', parameters: { type: 'object', properties: { q: {} } } },
      { name: 'bare', parameters: { type: 'object', properties: {} } },
    ],
    model: 'claude',
    protocol: 'ui-message',
  });
  expect(JSON.stringify(request)).not.toMatch(/obey|stolen|169/);
});

test('a data-stream request tells the same conversation, each answer as one message', () => {
  const request = read({
    messages: [
      { role: 'system', content: 'be kind' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'find x' },
          { type: 'file', data: 'data:image/png;base64,AA', mediaType: 'image/png', filename: 'x.png' },
        ],
        unstable_id: 'u1',
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Wait' },
          { type: 'tool-call', toolCallId: 'c1', toolName: 'search', input: { q: 'x' } },
        ],
        unstable_id: 'a1',
      },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c1', toolName: 'search', output: { type: 'json', value: [1] } }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Found' },
          { type: 'tool-call', toolCallId: 'c2', toolName: 'search', input: {} },
        ],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'c2',
            toolName: 'search',
            output: { type: 'error-json', value: { error: 'Tool call was not completed' } },
          },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'thanks' }] },
    ],
    tools: { search: { parameters: { type: 'object' } } },
    unstable_assistantMessageId: 'a2',
    threadId: 'thread_1',
    parentId: null,
    runConfig: {},
    modelName: 'claude',
    apiKey: 'stolen',
  });
  const found = { type: 'tool', toolName: 'search', dynamic: true };
  expect(request).toEqual({
    threadId: 'thread_1',
    trigger: 'submit-message',
    messages: [
      { role: 'system', parts: [{ type: 'text', text: 'be kind' }], metadata: {} },
      {
        id: 'u1',
        role: 'user',
        parts: [
          { type: 'text', text: 'find x' },
          { type: 'file', mediaType: 'image/png', filename: 'x.png', url: 'data:image/png;base64,AA' },
        ],
        metadata: {},
      },
      {
        id: 'a1',
        role: 'assistant',
        parts: [
          { type: 'text', text: 'Wait' },
          { ...found, toolCallId: 'c1', input: { q: 'x' }, state: 'output-available', output: [1] },
          { type: 'text', text: 'Found' },
          { ...found, toolCallId: 'c2', input: {}, state: 'output-error', errorText: 'Tool call was not completed' },
        ],
        metadata: {},
      },
      { role: 'user', parts: [{ type: 'text', text: 'thanks' }], metadata: {} },
    ],
    messageId: 'a2',
    parentId: null,
    tools: [{ name: 'search', parameters: { type: 'object' } }],
    model: 'claude',
    protocol: 'data-stream',
  });
});

test('every message of ours comes back out of a request as it is', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ role, parts, metadata: jsonObject }), { minLength: 1, maxLength: 3 }), (messages) => {
      const sent = messages.map((message, index) => ({ id: `m${index}`, ...uiMessageFrom(message) }));
      expect(read(JSON.parse(JSON.stringify({ id: 't', messages: sent }))).messages).toEqual(
        messages.map((message, index) => ({ id: `m${index}`, ...message })),
      );
    }),
  );
});

test('the last message alone is enough, and none at all to answer a named message anew', () => {
  expect(read({ id: 't', messages: [user] }).messages).toHaveLength(1);
  expect(read({ id: 't', messages: [], trigger: 'regenerate-message', messageId: 'm1' }).messages).toEqual([]);
});

test('no body makes the parser throw', () => {
  const messages = fc.array(fc.record({ role: fc.constantFrom('user', 'assistant', 'tool', 'system'), content: fc.anything() }));
  fc.assert(
    fc.property(
      fc.oneof(fc.anything(), fc.record({ messages: fc.anything() }), fc.record({ messages, tools: fc.anything(), config: fc.anything() })),
      (body) => {
        expect(() => parseChatRequest(body)).not.toThrow();
      },
    ),
  );
});

test('a body that cannot be read is refused in one sentence that names the place', () => {
  expect(refusal(null)).toMatch(/^The chat request cannot be read: the body: .*\.$/);
  expect(refusal({})).toMatch(/"messages"/);
  expect(refusal({ messages: [{ role: 'robot' }] })).toBe(
    'The chat request cannot be read: "messages[0].role": must be one of system, user, assistant or tool.',
  );
  expect(refusal({ messages: [user], trigger: 'dance' })).toMatch(/"trigger"/);
  expect(refusal({ messages: [] })).toBe('The chat request has no messages: send at least the last one.');
  expect(refusal({ messages: [{ role: 'tool', parts: [] }] })).toMatch(/needs "content"/);
});
