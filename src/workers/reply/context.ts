import type { ContentPart, ModelMessage } from '../../adapters/model-provider/port.ts';
import type { Expansion } from '../../domain/conversation/index.ts';
import type { Json } from '../../domain/event.ts';
import type { Part, ToolPart } from '../../domain/message.ts';

/** Bytes of a file of ours, or undefined when they cannot be had. */
export type ReadFile = (fileId: string) => Promise<{ bytes: Uint8Array; mediaType: string } | undefined>;

/** One message of the branch as the model is told it; an answer with tool calls becomes several. */
export async function modelMessages(
  role: 'system' | 'user' | 'assistant',
  parts: readonly Part[],
  readFile: ReadFile,
  expansion?: Expansion,
): Promise<ModelMessage[]> {
  if (role === 'assistant') return assistantMessages(parts);
  const typed = expansion && parts.find(({ type }) => type === 'text');
  const rest = await userMessage(
    parts.filter((part) => part !== typed),
    readFile,
  );
  return expansion ? [...expandedMessages(expansion), ...rest] : rest;
}

/** A prompt's messages, those of one role after the other as one. */
function expandedMessages({ messages }: Expansion): ModelMessage[] {
  const told: { role: 'user' | 'assistant'; content: ContentPart[] }[] = [];
  for (const { role, content } of messages) {
    const last = told.at(-1);
    if (last?.role === role) last.content.push(promptPart(content));
    else told.push({ role, content: [promptPart(content)] });
  }
  return told;
}

function promptPart(part: Expansion['messages'][number]['content']): ContentPart {
  if (part.type === 'text') return { type: 'text', text: part.text };
  const { mediaType = 'application/octet-stream', data } = part;
  if (data !== undefined && (part.type === 'image' || part.text === undefined)) return { type: 'file', mediaType, base64: data };
  return { type: 'text', text: part.type === 'resource' ? `[Resource ${part.uri}]\n${part.text ?? ''}` : '' };
}

async function userMessage(parts: readonly Part[], readFile: ReadFile): Promise<ModelMessage[]> {
  const content: ContentPart[] = [];
  for (const part of parts) {
    if (part.type === 'text') content.push({ type: 'text', text: part.text });
    else if (part.type === 'file') content.push(await filePart(part, readFile));
  }
  return content.length ? [{ role: 'user', content }] : [];
}

/** Text, then calls, then their results; text after a call belongs to the next message. */
function assistantMessages(parts: readonly Part[]): ModelMessage[] {
  const messages: ModelMessage[] = [];
  let content: Extract<ModelMessage, { role: 'assistant' }>['content'][number][] = [];
  let results: Extract<ModelMessage, { role: 'tool' }>[] = [];
  const flush = (): void => {
    if (content.length) messages.push({ role: 'assistant', content });
    messages.push(...results);
    content = [];
    results = [];
  };
  for (const part of parts) {
    if (part.type === 'text' && part.text !== '') {
      if (results.length) flush();
      content.push({ type: 'text', text: part.text });
    } else if (part.type === 'tool') {
      content.push({ type: 'tool-call', toolCallId: part.toolCallId, toolName: part.toolName, input: part.input ?? {} });
      results.push(toolResult(part));
    }
  }
  flush();
  return messages;
}

function toolResult(part: ToolPart): Extract<ModelMessage, { role: 'tool' }> {
  const { toolCallId, toolName } = part;
  const of = { role: 'tool', toolCallId, toolName } as const;
  switch (part.state) {
    case 'output-available':
      return { ...of, output: (part.output ?? null) as Json };
    case 'output-error':
      return { ...of, output: part.errorText ?? 'The tool failed.', isError: true };
    case 'output-denied':
      return { ...of, output: `The user did not allow this call.${part.approval?.reason ? ` Reason: ${part.approval.reason}` : ''}`, isError: true };
    default:
      return { ...of, output: 'This call was not answered.', isError: true };
  }
}

async function filePart(part: Extract<Part, { type: 'file' }>, readFile: ReadFile): Promise<ContentPart> {
  const name = part.filename ?? 'file';
  const file = part.fileId === undefined ? undefined : await readFile(part.fileId);
  if (!file) return { type: 'text', text: `[The file ${name} cannot be read any more.]` };
  const { bytes, mediaType } = file;
  if (mediaType.startsWith('text/') || mediaType === 'application/json')
    return { type: 'text', text: `[File ${name}]\n${new TextDecoder().decode(bytes)}` };
  return { type: 'file', mediaType, base64: Buffer.from(bytes).toString('base64'), filename: name };
}
