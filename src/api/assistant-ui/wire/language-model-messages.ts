import { Part, ToolPart } from '../../../domain/message.ts';
import { fileOfData } from './aui-file.ts';
import type { FileLinks } from './file-links.ts';
import type { JsonObject } from './json.ts';
import { isRecord, jsonOf, stringOf } from './json.ts';
import { rawPart } from './kept-part.ts';
import type { MessageRole } from './wire-message.ts';

export type ChatMessage = { readonly id?: string; readonly role: MessageRole; readonly parts: readonly Part[]; readonly metadata: JsonObject };

const format = 'language-model/v2';

const toolCallFrom = (part: Record<string, unknown>, ended: object): ToolPart | undefined => {
  const input = jsonOf(part['input'] ?? part['args']);
  const { toolCallId, toolName } = part;
  return ToolPart.safeParse({ type: 'tool', toolCallId, toolName, state: 'input-available', ...(input === undefined ? {} : { input }), ...ended })
    .data;
};

const fileFrom = (part: Record<string, unknown>, links: FileLinks): Part | undefined => {
  const data = stringOf(part['data']) ?? stringOf(part['image']);
  return data === undefined
    ? undefined
    : fileOfData(data, stringOf(part['mediaType']) ?? stringOf(part['mimeType']), stringOf(part['filename']), links);
};

const knownFrom = (part: Record<string, unknown>, links: FileLinks): Part | undefined => {
  switch (part['type']) {
    case 'text':
    case 'reasoning':
      return Part.safeParse(part).data;
    case 'image':
    case 'file':
      return fileFrom(part, links);
    case 'tool-call':
      return toolCallFrom(part, {});
    default:
      return undefined;
  }
};

const partsOf = (content: unknown, links: FileLinks): readonly Part[] => {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((part) => (isRecord(part) ? knownFrom(part, links) : undefined) ?? rawPart(format, part) ?? []);
};

/** What a tool result changes in its call: `output` is `{ type, value }` with `error-…` types, older clients send `result` and `isError`. */
const endingOf = (result: Record<string, unknown>) => {
  const output = isRecord(result['output'])
    ? result['output']
    : { type: result['isError'] === true ? 'error-json' : 'json', value: result['result'] };
  const value = jsonOf(output['value']) ?? null;
  if (!stringOf(output['type'])?.startsWith('error')) return { state: 'output-available' as const, output: value };
  const words = isRecord(value) ? value['error'] : value;
  return { state: 'output-error' as const, errorText: typeof words === 'string' ? words : JSON.stringify(value) };
};

const withResult = (parts: readonly Part[], result: Record<string, unknown>): readonly Part[] => {
  const ending = endingOf(result);
  const answers = (part: Part): part is ToolPart => part.type === 'tool' && part.toolCallId === result['toolCallId'];
  if (parts.some(answers)) return parts.map((part) => (answers(part) ? { ...part, ...ending } : part));
  const orphan = toolCallFrom(result, ending);
  return orphan ? [...parts, orphan] : parts;
};

/**
 * Reads messages as language models take them (`role`, `content`; results in messages of role `tool`). One answer arrives there as several
 * messages, so an assistant's message and the results that follow another assistant's message become one.
 */
export const messagesFromLanguageModel = (messages: readonly Record<string, unknown>[], links: FileLinks): ChatMessage[] => {
  const read: ChatMessage[] = [];
  for (const message of messages) {
    const last = read.at(-1);
    const answer: ChatMessage | undefined = last?.role === 'assistant' ? last : undefined;
    const { role, content } = message;
    const id = stringOf(message['unstable_id']) ?? stringOf(message['id']);
    const named = id === undefined ? {} : { id };
    if (role === 'system' || role === 'user') {
      read.push({ ...named, role, parts: partsOf(content, links), metadata: {} });
      continue;
    }
    const before = answer?.parts ?? [];
    const results = Array.isArray(content) ? content.filter(isRecord) : [];
    const parts = role === 'tool' ? results.reduce(withResult, before) : [...before, ...partsOf(content, links)];
    if (answer) read.pop();
    read.push({ ...named, ...answer, role: 'assistant', parts, metadata: {} });
  }
  return read;
};
