import type { Content, FunctionDeclaration, Part } from '@google/genai';
import type { Json } from '../../domain/event.ts';
import type { ModelMessage, ModelRequest } from './port.ts';
import { fileAsText, isImage, isPdf } from './wire-content.ts';

/** Finds the signature that the model gave with a tool call. */
export type SignatureOf = (toolCallId: string) => string | undefined;

/** What the API takes for the calls of other models, or of an earlier life of this process. See ai.google.dev/gemini-api/docs/thought-signatures. */
const unsigned = 'skip_thought_signature_validator';

/** Our messages as contents: tool results belong to the user's side, and neighbours of one side are one content. */
export function geminiContents(messages: readonly ModelMessage[], signatureOf: SignatureOf): Content[] {
  const sides: { role: 'user' | 'model'; parts: Part[] }[] = [];
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'model' : 'user';
    const parts = partsOf(message, signatureOf);
    const last = sides.at(-1);
    if (parts.length === 0) continue;
    if (last?.role === role) last.parts.push(...parts);
    else sides.push({ role, parts });
  }
  return sides;
}

function partsOf(message: ModelMessage, signatureOf: SignatureOf): Part[] {
  if (message.role === 'tool') {
    const { toolCallId: id, toolName: name, output, isError } = message;
    return [{ functionResponse: { id, name, response: isError ? { error: output } : { output } } }];
  }
  let calls = 0;
  return message.content.flatMap((part): Part[] => {
    if (part.type === 'text') return part.text === '' ? [] : [{ text: part.text }];
    if (part.type === 'file') return [readable(part) ? { inlineData: { mimeType: part.mediaType, data: part.base64 } } : { text: fileAsText(part) }];
    // Of several calls at once only the first carries a signature.
    const signature = signatureOf(part.toolCallId) ?? (calls === 0 ? unsigned : undefined);
    calls += 1;
    return [
      {
        functionCall: { id: part.toolCallId, name: part.toolName, args: argumentsOf(part.input) },
        ...(signature ? { thoughtSignature: signature } : {}),
      },
    ];
  });
}

const readable = (file: Parameters<typeof isImage>[0]) => isImage(file) || isPdf(file) || /^(audio|video)\//i.test(file.mediaType);

const argumentsOf = (input: Json): Record<string, unknown> =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...input } : { input };

export function geminiTools(tools: ModelRequest['tools']): FunctionDeclaration[] {
  return (tools ?? []).map(({ name, description, parameters }) => ({
    name,
    ...(description ? { description } : {}),
    parametersJsonSchema: parameters,
  }));
}
