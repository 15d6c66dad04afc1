import type { ContentPart, ModelMessage, ModelRequest } from '../../adapters/model-provider/port.ts';
import type { JsonObject } from '../../domain/event.ts';
import type { Masking } from '../../domain/masking/mask.ts';

export type Prompt = Omit<ModelRequest, 'model' | 'access'>;

/** Everything of a prompt that is text. Bytes of images and documents are no text: they go as they are. */
export function maskRequest(request: Prompt, { text, deep }: Masking): Prompt {
  const content = (part: ContentPart): ContentPart => {
    if (part.type === 'text') return { ...part, text: text(part.text) };
    return part.filename === undefined ? part : { ...part, filename: text(part.filename) };
  };
  const message = (told: ModelMessage): ModelMessage => {
    if (told.role === 'tool') return { ...told, output: deep(told.output) };
    if (told.role === 'user') return { ...told, content: told.content.map(content) };
    return { ...told, content: told.content.map((part) => (part.type === 'tool-call' ? { ...part, input: deep(part.input) } : content(part))) };
  };
  const { system, tools } = request;
  return {
    ...request,
    ...(system === undefined ? {} : { system: text(system) }),
    messages: request.messages.map(message),
    ...(tools === undefined
      ? {}
      : {
          tools: tools.map((tool) => ({
            ...tool,
            ...(tool.description === undefined ? {} : { description: text(tool.description) }),
            parameters: deep(tool.parameters) as JsonObject,
          })),
        }),
  };
}
