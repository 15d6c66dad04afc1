import { z } from 'zod';
import type { Json } from '../../domain/event.ts';
import type { ContentPart, ModelMessage } from './port.ts';
import { parseJson } from './provider-error.ts';

export type FilePart = Extract<ContentPart, { type: 'file' }>;
export type ToolResult = Extract<ModelMessage, { role: 'tool' }>;

const textual = /^(text\/|application\/(json|xml|yaml|x-yaml|javascript|x-sh|sql|toml)\b)|\+(json|xml)$/i;
export const isImage = ({ mediaType }: FilePart) => /^image\/(png|jpe?g|gif|webp)\b/i.test(mediaType);
export const isPdf = ({ mediaType }: FilePart) => /^application\/pdf\b/i.test(mediaType);
export const dataUrl = ({ mediaType, base64 }: FilePart) => `data:${mediaType};base64,${base64}`;

/** For models that take no file of this kind: its text where it is text, else a line that names it, so that the model knows that it has not seen it. */
export function fileAsText(file: FilePart): string {
  const name = file.filename ?? 'a file';
  if (!textual.test(file.mediaType)) return `[${name}, ${file.mediaType}: not shown, the model cannot read this kind of file]`;
  return `[${name}]\n${Buffer.from(file.base64, 'base64').toString('utf8')}`;
}

/** Tool output is given as text as it is, and as JSON otherwise. */
export const outputText = ({ output, isError }: ToolResult) =>
  `${isError ? 'Error: ' : ''}${typeof output === 'string' ? output : JSON.stringify(output)}`;

/** The input of a tool call as a whole: no text at all means no arguments, and text that is no JSON gives `undefined`. */
export function toolInput(inputText: string): Json | undefined {
  return inputText.trim() === '' ? {} : z.json().safeParse(parseJson(inputText)).data;
}
