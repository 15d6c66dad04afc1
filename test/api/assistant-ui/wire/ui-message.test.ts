import { validateUIMessages } from 'ai';
import { validateUIMessages as validateUIMessagesV6 } from 'ai-v6';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FileLinks } from '../../../../src/api/assistant-ui/wire/file-links.ts';
import { partsFromUiMessage, uiMessageFrom } from '../../../../src/api/assistant-ui/wire/ui-message.ts';
import { FileId } from '../../../../src/domain/ids.ts';
import { dataPart, filePart, jsonObject, part, parts, role, sourcePart, toolPart, wordsPart } from './arbitraries.ts';

const read = (...parts: unknown[]) => partsFromUiMessage({ role: 'assistant', parts }).parts;

test('every message survives the way to the AI SDK and back', () => {
  fc.assert(
    fc.property(role, parts, jsonObject, (role, parts, metadata) => {
      const message = { role, parts, metadata };
      expect(partsFromUiMessage(JSON.parse(JSON.stringify(uiMessageFrom(message))))).toEqual(message);
    }),
  );
});

test('whatever stands in a body, reading it gives a message and does not throw', () => {
  const odd = fc.record({ role: fc.anything(), parts: fc.oneof(fc.anything(), fc.array(fc.anything())), metadata: fc.anything() });
  const almost = part.chain((part) => {
    const like: Record<string, unknown> = { ...uiMessageFrom({ role: 'user', parts: [part], metadata: {} }) };
    const inside = Array.isArray(like['parts']) ? like['parts'][0] : {};
    return fc
      .record({ key: fc.constantFrom(...Object.keys(inside)), value: fc.anything() })
      .map(({ key, value }) => ({ parts: [{ ...inside, [key]: value }] }));
  });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), odd, almost), (body) => {
      const first = partsFromUiMessage(body);
      expect(partsFromUiMessage(uiMessageFrom(first))).toEqual(first);
    }),
  );
});

test('a body nested without end is read as far as it goes', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 50_000; depth += 1) deep = [deep];
  expect(partsFromUiMessage({ role: 'user', parts: [{ type: 'data-x', data: deep }, deep] }).role).toBe('user');
});

test('both AI SDKs accept what we write', async () => {
  const valid = fc.array(fc.oneof(wordsPart, filePart, sourcePart, dataPart, toolPart), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('user' as const, 'assistant' as const), valid, jsonObject, async (role, parts, metadata) => {
      const messages = [{ id: 'msg_1', ...JSON.parse(JSON.stringify(uiMessageFrom({ role, parts, metadata }))) }];
      await expect(validateUIMessages({ messages })).resolves.toHaveLength(1);
      await expect(validateUIMessagesV6({ messages })).resolves.toHaveLength(1);
    }),
    { numRuns: 60 },
  );
});

test('a tool of the page and a tool of the server differ by the type of their part', () => {
  const call = { toolCallId: 'c1', state: 'output-available', input: { q: 1 }, output: null };
  expect(read({ type: 'tool-search', ...call })).toEqual([{ type: 'tool', toolName: 'search', dynamic: false, ...call }]);
  expect(read({ type: 'dynamic-tool', toolName: 'search', ...call })).toEqual([{ type: 'tool', toolName: 'search', dynamic: true, ...call }]);
});

test('a call that was cancelled while its approval was open is read, although the AI SDK finds it invalid', () => {
  const cancelled = {
    type: 'dynamic-tool',
    toolName: 'mail',
    toolCallId: 'c1',
    input: {},
    state: 'output-error',
    errorText: 'User cancelled',
    approval: { id: 'a1' },
  };
  expect(read(cancelled)).toEqual([
    expect.objectContaining({ type: 'tool', state: 'output-error', errorText: 'User cancelled', approval: { id: 'a1' } }),
  ]);
  expect(read({ ...cancelled, approval: { approved: true } })[0]).not.toHaveProperty('approval');
});

test("an open approval's question is kept where assistant-ui shows it", () => {
  const open = {
    type: 'dynamic-tool',
    toolName: 'mail',
    toolCallId: 'c1',
    input: {},
    state: 'approval-requested',
    approval: { id: 'a1', requestReason: 'sends a mail' },
  };
  const parts = read(open);
  expect(parts).toEqual([expect.objectContaining({ approval: { id: 'a1', reason: 'sends a mail' } })]);
  expect(uiMessageFrom({ role: 'assistant', parts, metadata: {} })['parts']).toContainEqual(open);
});

test('the input of a call that could not be parsed is found where AI SDK 6 keeps it', () => {
  const failed = { type: 'tool-mail', toolCallId: 'c1', state: 'output-error', rawInput: '{"to', errorText: 'no JSON' };
  expect(read(failed)).toEqual([
    { type: 'tool', toolName: 'mail', toolCallId: 'c1', state: 'output-error', input: '{"to', errorText: 'no JSON', dynamic: false },
  ]);
});

test('an unknown part and a call whose input is still streaming are kept word for word', () => {
  const strange = [
    { type: 'reasoning-file', url: 'x', mediaType: 'image/png' },
    { type: 'dynamic-tool', toolName: 'mail', toolCallId: 'c1', state: 'input-streaming', input: { to: 'b' } },
  ];
  const parts = read(...strange);
  expect(parts).toEqual(strange.map((value) => ({ type: 'raw', format: 'ai-sdk/v6', value })));
  expect(uiMessageFrom({ role: 'user', parts, metadata: {} })['parts']).toEqual(strange);
});

test('a part of another format travels as data, which breaks no client', () => {
  const parts = [{ type: 'raw' as const, format: 'aui/v0', value: { type: 'generative-ui', spec: {} } }];
  expect(uiMessageFrom({ role: 'user', parts, metadata: {} })['parts']).toEqual([{ type: 'data-annals-part', data: parts[0] }]);
});

test('words after a tool call begin a step', () => {
  const call = { type: 'tool' as const, toolCallId: 'c1', toolName: 'x', state: 'output-available' as const, output: 1, dynamic: true };
  const message = uiMessageFrom({ role: 'assistant', parts: [{ type: 'text', text: 'a' }, call, call, { type: 'text', text: 'b' }], metadata: {} });
  const types = partsOf(message).map(({ type }) => type);
  expect(types).toEqual(['step-start', 'text', 'dynamic-tool', 'dynamic-tool', 'step-start', 'text']);
});

test('a file of ours is told by its link, with whatever the link carries', () => {
  const links: FileLinks = {
    urlOf: (id) => `https://annals.test/f/${id}?sig=1`,
    idOf: (url) => FileId.safeParse(/\/f\/([^?]+)/.exec(url)?.[1]).data,
  };
  const parts = [{ type: 'file' as const, mediaType: 'image/png', fileId: FileId.parse('file-1') }];
  const written = uiMessageFrom({ role: 'user', parts, metadata: {} }, links);
  expect(written['parts']).toEqual([{ type: 'file', mediaType: 'image/png', url: 'https://annals.test/f/file-1?sig=1' }]);
  expect(partsFromUiMessage(written, links).parts).toEqual(parts);
  expect(partsFromUiMessage({ parts: [{ type: 'file', mediaType: 'image/png', url: '/api/files/file-2?download' }] }).parts).toEqual([
    { ...parts[0], fileId: 'file-2' },
  ]);
});

test('a tool that gave nothing back has ended all the same', () => {
  const ended = { type: 'tool' as const, toolCallId: 'c1', toolName: 'x', state: 'output-available' as const, dynamic: true };
  expect(partsOf(uiMessageFrom({ role: 'user', parts: [ended], metadata: {} }))).toEqual([
    { type: 'dynamic-tool', toolName: 'x', toolCallId: 'c1', state: 'output-available', output: null },
  ]);
});

function partsOf(message: ReturnType<typeof uiMessageFrom>): Record<string, unknown>[] {
  return JSON.parse(JSON.stringify(message['parts']));
}
