import type { ContentBlockParam, MessageParam, Tool } from '@anthropic-ai/sdk/resources/messages';
import type { ModelMessage, ModelRequest } from './port.ts';
import { type FilePart, fileAsText, isImage, isPdf, outputText } from './wire-content.ts';

/** Our messages as those of the Messages API: tool results belong to the user's side, neighbours of one side are one message, and nothing is empty. */
export function anthropicMessages(messages: readonly ModelMessage[]): MessageParam[] {
  const sides: { role: 'user' | 'assistant'; content: ContentBlockParam[] }[] = [];
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = blocksOf(message);
    const last = sides.at(-1);
    if (content.length === 0) continue;
    if (last?.role === role) last.content.push(...content);
    else sides.push({ role, content });
  }
  return sides;
}

function blocksOf(message: ModelMessage): ContentBlockParam[] {
  if (message.role === 'tool') {
    const { toolCallId, isError } = message;
    return [
      { type: 'tool_result', tool_use_id: toolCallId, content: outputText({ ...message, isError: false }), ...(isError ? { is_error: true } : {}) },
    ];
  }
  return message.content.flatMap((part): ContentBlockParam[] => {
    if (part.type === 'text') return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
    if (part.type === 'tool-call') return [{ type: 'tool_use', id: part.toolCallId, name: part.toolName, input: part.input }];
    return [message.role === 'user' ? fileBlock(part) : { type: 'text', text: fileAsText(part) }];
  });
}

function fileBlock(file: FilePart): ContentBlockParam {
  if (isPdf(file)) {
    const title = file.filename ? { title: file.filename } : {};
    return { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: file.base64 }, ...title };
  }
  return isImage(file)
    ? { type: 'image', source: { type: 'base64', media_type: imageType(file.mediaType), data: file.base64 } }
    : { type: 'text', text: fileAsText(file) };
}

function imageType(mediaType: string): 'image/png' | 'image/gif' | 'image/webp' | 'image/jpeg' {
  const lower = mediaType.toLowerCase();
  if (lower.startsWith('image/png')) return 'image/png';
  if (lower.startsWith('image/gif')) return 'image/gif';
  return lower.startsWith('image/webp') ? 'image/webp' : 'image/jpeg';
}

export function anthropicTools(tools: ModelRequest['tools']): Tool[] {
  return (tools ?? []).map(({ name, description, parameters }) => ({
    name,
    ...(description ? { description } : {}),
    input_schema: { ...parameters, type: 'object' },
  }));
}
