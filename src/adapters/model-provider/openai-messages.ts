import type { ChatCompletionContentPart, ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions';
import type { ContentPart, ModelMessage, ModelRequest } from './port.ts';
import { dataUrl, type FilePart, fileAsText, isImage, isPdf, outputText } from './wire-content.ts';

/** Our messages as those of chat completions. */
export function openaiMessages({ system, messages }: Pick<ModelRequest, 'system' | 'messages'>): ChatCompletionMessageParam[] {
  return [...(system ? [{ role: 'system' as const, content: system }] : []), ...messages.map(openaiMessage)];
}

function openaiMessage(message: ModelMessage): ChatCompletionMessageParam {
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.toolCallId, content: outputText(message) };
  if (message.role === 'user') return { role: 'user', content: userContent(message.content) };
  const text = message.content.flatMap((part) => (part.type === 'text' ? [part.text] : part.type === 'file' ? [fileAsText(part)] : [])).join('');
  const calls = message.content.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ id: part.toolCallId, type: 'function' as const, function: { name: part.toolName, arguments: JSON.stringify(part.input) } }]
      : [],
  );
  return calls.length > 0 ? { role: 'assistant', content: text || null, tool_calls: calls } : { role: 'assistant', content: text };
}

/** Plain text stays a string: many compatible servers know nothing else. */
function userContent(content: readonly ContentPart[]): string | ChatCompletionContentPart[] {
  if (content.every((part) => part.type === 'text')) return content.map(({ text }) => text).join('\n\n');
  return content.map((part) => (part.type === 'text' ? { type: 'text', text: part.text } : openaiFile(part)));
}

function openaiFile(file: FilePart): ChatCompletionContentPart {
  if (isImage(file)) return { type: 'image_url', image_url: { url: dataUrl(file) } };
  if (isPdf(file)) return { type: 'file', file: { filename: file.filename ?? 'document.pdf', file_data: dataUrl(file) } };
  const sound = /^audio\/(?:x-)?(wav|mp3|mpeg)\b/i.exec(file.mediaType)?.[1];
  if (sound) return { type: 'input_audio', input_audio: { data: file.base64, format: sound.toLowerCase() === 'wav' ? 'wav' : 'mp3' } };
  return { type: 'text', text: fileAsText(file) };
}

export function openaiTools(tools: ModelRequest['tools']): ChatCompletionTool[] {
  return (tools ?? []).map(({ name, description, parameters }) => ({
    type: 'function',
    function: { name, ...(description ? { description } : {}), parameters },
  }));
}
