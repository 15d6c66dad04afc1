import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auiV0DecodeSafely, auiV0Encode } from '../../../../node_modules/@assistant-ui/core/dist/react/runtimes/cloud/auiV0.js';
import { fromThreadMessageLike } from '../../../../node_modules/@assistant-ui/core/dist/runtime/utils/thread-message-like.js';
import { auiMessageFrom, joinKeysOf, partsFromAuiMessage } from '../../../../src/api/assistant-ui/wire/aui-v0.ts';
import type { JsonObject } from '../../../../src/api/assistant-ui/wire/json.ts';
import { jsonObjectOf } from '../../../../src/api/assistant-ui/wire/json.ts';
import { contentFromMessage, messageFromContent } from '../../../../src/api/assistant-ui/wire/message-format.ts';
import type { Part } from '../../../../src/domain/message.ts';
import { jsonObject, parts, role } from './arbitraries.ts';

const stored = (value: unknown) => JSON.parse(JSON.stringify(value));
const read = (...content: unknown[]) => partsFromAuiMessage({ role: 'assistant', content }).parts;

/** The losses that `auiMessageFrom` states. */
const lessened = (part: Part): Part => {
  if (part.type === 'data' && part.name !== 'annals-part') return (({ id: _id, ...rest }) => rest)(part);
  return part.type === 'tool' ? { ...part, dynamic: true } : part;
};

const toldBack = (role: 'user' | 'assistant' | 'system', parts: readonly Part[]): Part[] => {
  if (role === 'system') return [{ type: 'text', text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n') }];
  if (role === 'assistant') return parts.map(lessened);
  const files = parts.flatMap((part) => (part.type === 'file' ? [part] : []));
  const named = files.map((file) => ({
    ...file,
    filename: file.filename ?? 'file',
    mediaType: file.mediaType.startsWith('image/') && file.url?.startsWith('data:image/png') ? 'image/png' : file.mediaType,
  }));
  return [...parts.filter(({ type }) => type !== 'file').map((part) => (part.type === 'tool' ? part : lessened(part))), ...named];
};

test('a message told to assistant-ui and back loses what is stated and nothing more', () => {
  fc.assert(
    fc.property(role, parts, (role, parts) => {
      expect(partsFromAuiMessage(stored(auiMessageFrom({ role, parts, metadata: {} }))).parts).toEqual(toldBack(role, parts));
    }),
  );
});

test('after one way there and back a message no longer changes', () => {
  const metadata = fc.oneof(
    jsonObject,
    fc.record({ custom: jsonObject, modelId: fc.string(), steps: fc.constant([]) }).map((value) => jsonObjectOf(value)),
  );
  fc.assert(
    fc.property(role, parts, metadata, (role, parts, metadata) => {
      const once = partsFromAuiMessage(stored(auiMessageFrom({ role, parts, metadata })));
      expect(partsFromAuiMessage(stored(auiMessageFrom(once)))).toEqual(once);
    }),
  );
});

test('a message of either format can be opened in the other and keeps its words, calls and files', () => {
  fc.assert(
    fc.property(role, parts, (role, parts) => {
      const ui = contentFromMessage('ai-sdk/v6', { role, parts, metadata: {} });
      const aui = contentFromMessage('aui/v0', messageFromContent('ai-sdk/v6', stored(ui)));
      const back = contentFromMessage('ai-sdk/v6', messageFromContent('aui/v0', stored(aui)));
      expect(messageFromContent('ai-sdk/v6', stored(back)).parts).toEqual(toldBack(role, parts));
    }),
  );
});

test("content in an app's own format is kept whole", () => {
  const content = { role: 'assistant', kwargs: { a: [1] } };
  const message = messageFromContent('langgraph/v1', content);
  expect(message).toEqual({ role: 'assistant', parts: [{ type: 'raw', format: 'langgraph/v1', value: content }], metadata: {} });
  expect(contentFromMessage('langgraph/v1', message)).toEqual(content);
  expect(contentFromMessage('other', message)).toBeUndefined();
});

test('whatever stands in a body, reading it gives a message and does not throw', () => {
  const like = fc.record({
    role: fc.anything(),
    content: fc.oneof(fc.anything(), fc.array(fc.anything())),
    attachments: fc.anything(),
    status: fc.anything(),
    metadata: fc.anything(),
  });
  const kinds = fc.constantFrom('text', 'reasoning', 'source', 'tool-call', 'image', 'file', 'data', 'data-x', 'audio', 'generative-ui');
  const keys = fc.constantFrom(
    'text',
    'sourceType',
    'id',
    'url',
    'toolCallId',
    'toolName',
    'args',
    'argsText',
    'result',
    'isError',
    'approval',
    'image',
    'data',
    'mimeType',
    'name',
    'mcp',
  );
  const piece = fc.tuple(kinds, fc.dictionary(keys, fc.oneof(fc.anything(), fc.string()))).map(([type, members]) => ({ ...members, type }));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        like,
        fc.array(piece).map((content) => ({ content })),
      ),
      (body) => {
        expect(() => auiMessageFrom(partsFromAuiMessage(body))).not.toThrow();
      },
    ),
  );
});

const row = (content: JsonObject) => ({
  id: 'msg_1',
  parent_id: null,
  height: 0,
  created_at: new Date(0),
  updated_at: new Date(0),
  format: 'aui/v0' as const,
  content: stored(content),
});

test("assistant-ui's own reader accepts every message and keeps each part that is not blank", () => {
  const blank = (part: Part) => (part.type === 'text' || part.type === 'reasoning') && part.text.trim() === '';
  fc.assert(
    fc.property(fc.constantFrom('user' as const, 'assistant' as const), parts, (role, parts) => {
      const usual = parts.filter((part) => part.type !== 'raw' && !(role === 'assistant' && blank(part)));
      const decoded = auiV0DecodeSafely(row(auiMessageFrom({ role, parts: usual, metadata: {} })));
      expect(decoded?.message.role).toBe(role);
      expect((decoded?.message.content.length ?? 0) + (decoded?.message.attachments?.length ?? 0)).toBe(usual.length);
    }),
  );
});

test("what assistant-ui's own writer stores is read as the same parts again", () => {
  fc.assert(
    fc.property(parts, (parts) => {
      const usual = parts.filter((part) => part.type !== 'raw' && part.type !== 'tool' && !('text' in part && part.text.trim() === ''));
      const message = auiMessageFrom({ role: 'assistant', parts: usual, metadata: {}, outcome: 'completed', finishReason: 'stop' });
      const encoded = auiV0Encode(fromThreadMessageLike(stored(message), 'msg_1', { type: 'complete', reason: 'unknown' }));
      expect(partsFromAuiMessage(stored(encoded))).toEqual(partsFromAuiMessage(stored(message)));
    }),
  );
});

test('the status of an answer says how it ended', () => {
  const status = (ending: object) => auiMessageFrom({ role: 'assistant', parts: [], metadata: {}, ...ending })['status'];
  expect(status({ outcome: 'completed', finishReason: 'stop' })).toEqual({ type: 'complete', reason: 'stop' });
  expect(status({ outcome: 'completed', finishReason: 'length' })).toEqual({ type: 'incomplete', reason: 'length' });
  expect(status({ outcome: 'interrupted' })).toEqual({ type: 'incomplete', reason: 'error' });
  expect(status({ outcome: 'cancelled' })).toEqual({ type: 'incomplete', reason: 'cancelled' });
  expect(partsFromAuiMessage({ status: { type: 'incomplete', reason: 'cancelled' } }).outcome).toBe('cancelled');
});

test('an answer that waits asks for action', () => {
  const open = {
    type: 'tool' as const,
    toolCallId: 'c',
    toolName: 'mail',
    state: 'approval-requested' as const,
    approval: { id: 'a', reason: 'sends a mail' },
    dynamic: true,
  };
  const message = auiMessageFrom({ role: 'assistant', parts: [open], metadata: {} });
  expect(message['status']).toEqual({ type: 'requires-action', reason: 'tool-calls' });
  expect(message['content']).toEqual([expect.objectContaining({ approval: { id: 'a', prompt: 'sends a mail' } })]);
});

test('images, base64 files and attachments become files', () => {
  const message = {
    role: 'user',
    content: [
      { type: 'text', text: 'see' },
      { type: 'image', image: 'https://example.org/x.JPG?y' },
      { type: 'file', data: 'AAAA', mimeType: 'text/plain' },
    ],
    attachments: [
      {
        id: '0',
        type: 'image',
        name: 'cat.webp',
        contentType: 'image/webp',
        status: { type: 'complete' },
        content: [{ type: 'image', image: 'https://example.org/cat' }],
      },
    ],
  };
  expect(partsFromAuiMessage(message).parts).toEqual([
    { type: 'text', text: 'see' },
    { type: 'file', mediaType: 'image/jpeg', url: 'https://example.org/x.JPG?y' },
    { type: 'file', mediaType: 'text/plain', url: 'data:text/plain;base64,AAAA' },
    { type: 'file', mediaType: 'image/webp', filename: 'cat.webp', url: 'https://example.org/cat' },
  ]);
});

test('arguments are read from their text, and text that was cut off is none', () => {
  const call = { type: 'tool-call', toolCallId: 'c', toolName: 'x' };
  expect(read({ ...call, argsText: '{ "a": 1 }' }, { ...call, argsText: '{"a": ' })).toEqual([
    expect.objectContaining({ input: { a: 1 } }),
    expect.not.objectContaining({ input: expect.anything() }),
  ]);
});

test('the state of a call is told from its result, error and approval', () => {
  const call = { type: 'tool-call', toolCallId: 'c', toolName: 'x', args: {} };
  const states = (members: object) => read({ ...call, ...members }).map((part) => part.type === 'tool' && part.state);
  expect(states({})).toEqual(['input-available']);
  expect(states({ result: null })).toEqual(['output-available']);
  expect(states({ result: 'no', isError: true })).toEqual(['output-error']);
  expect(states({ approval: { id: 'a' } })).toEqual(['approval-requested']);
  expect(states({ approval: { id: 'a', approved: true } })).toEqual(['approval-responded']);
  expect(states({ approval: { id: 'a', approved: false }, result: { error: 'no' }, isError: true })).toEqual(['output-denied']);
  expect(states({ approval: { id: 'a', resolution: 'expired' } })).toEqual(['output-error']);
});

test('the run and the message of ours are found wherever a runtime keeps them', () => {
  expect(joinKeysOf({ custom: { runId: 'run_1' } })).toEqual({ runId: 'run_1', messageIds: [] });
  expect(joinKeysOf({ unstable_data: [{ runId: 'run_2', messageId: 'msg_2' }], steps: [{ messageId: 'msg_2' }, { messageId: 'msg_3' }] })).toEqual({
    runId: 'run_2',
    messageIds: ['msg_2', 'msg_3'],
  });
  expect(joinKeysOf({ custom: 5, steps: 'x' })).toEqual({ messageIds: [] });
});
