import { z } from 'zod';
import type { FileLinks } from './file-links.ts';
import { fileLinks } from './file-links.ts';
import { isRecord, type JsonObject, jsonObjectOf, stringOf } from './json.ts';
import type { ChatMessage } from './language-model-messages.ts';
import { messagesFromLanguageModel } from './language-model-messages.ts';
import { partsFromUiMessage } from './ui-message.ts';

const roles = ['system', 'user', 'assistant'];

/** The body of a chat request, as loose as clients are: whatever else they send is ignored, above all `system`, `apiKey` and `baseUrl`. */
export const ChatRequestBody = z.looseObject({
  id: z.string().max(255).nullish(),
  threadId: z.string().max(255).nullish(),
  trigger: z.enum(['submit-message', 'regenerate-message']).nullish(),
  messageId: z.string().max(255).nullish(),
  unstable_assistantMessageId: z.string().max(255).nullish(),
  parentId: z.string().max(255).nullish(),
  messages: z.array(z.looseObject({ role: z.enum([...roles, 'tool'], { error: `must be one of ${roles.join(', ')} or tool` }) })).max(10_000),
});

export type FrontendTool = { readonly name: string; readonly description?: string; readonly parameters: JsonObject };

export type ChatRequest = {
  readonly threadId?: string;
  readonly trigger: 'submit-message' | 'regenerate-message';
  readonly messages: readonly ChatMessage[];
  /** The message that is answered anew or gone on with; from a data-stream client the id it gave to the answer. */
  readonly messageId?: string;
  readonly parentId?: string | null;
  readonly tools: readonly FrontendTool[];
  readonly model?: string;
  readonly protocol: 'ui-message' | 'data-stream';
};

export type ParsedChatRequest =
  | { readonly ok: true; readonly request: ChatRequest }
  | { readonly ok: false; readonly code: 'InvalidChatRequest'; readonly message: string };

const toolFrom = (name: unknown, tool: unknown): readonly FrontendTool[] => {
  if (typeof name !== 'string' || name === '' || name.length > 255 || !isRecord(tool)) return [];
  const description = stringOf(tool['description']);
  const parameters = tool['parameters'] ?? tool['inputSchema'];
  return [
    {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: isRecord(parameters) ? jsonObjectOf(parameters) : { type: 'object', properties: {} },
    },
  ];
};

const toolsFrom = (tools: unknown): readonly FrontendTool[] => {
  if (Array.isArray(tools)) return tools.flatMap((tool) => (isRecord(tool) ? toolFrom(tool['name'], tool) : []));
  return isRecord(tools) ? Object.entries(tools).flatMap(([name, tool]) => toolFrom(name, tool)) : [];
};

/** The model by name: assistant-ui puts it into `config`, or flat into the body of a data-stream request; apps of the AI SDK send `model`. */
const modelFrom = (body: Record<string, unknown>): string | undefined => {
  const config = isRecord(body['config']) ? body['config'] : {};
  const name = stringOf(config['modelName']) ?? stringOf(body['modelName']) ?? stringOf(body['model']);
  return name === '' ? undefined : name;
};

const uiMessageFrom = (message: Record<string, unknown>, links: FileLinks): ChatMessage => {
  const id = stringOf(message['id']);
  return { ...(id ? { id } : {}), ...partsFromUiMessage(message, links) };
};

const sentence = ({ path, message }: { path: readonly PropertyKey[]; message: string }) => {
  const place = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  return `The chat request cannot be read: ${place === '' ? 'the body' : `"${place}"`}: ${message}.`;
};

const refused = (message: string): ParsedChatRequest => ({ ok: false, code: 'InvalidChatRequest', message });

/**
 * Reads the body of a chat request: UI messages with `parts`, or the data-stream body with `content`. A trimmed body (the last message only) is as
 * good as a whole one; none at all is enough to answer a named message anew. `message` of a refusal is a sentence for the person.
 */
export const parseChatRequest = (value: unknown, links: FileLinks = fileLinks): ParsedChatRequest => {
  const parsed = ChatRequestBody.safeParse(value);
  if (!parsed.success) return refused(parsed.error.issues.slice(0, 1).map(sentence).join(' '));
  const body = parsed.data;
  const trigger = body.trigger ?? 'submit-message';
  const messageId = body.messageId || body.unstable_assistantMessageId || undefined;
  const ofLanguageModel = body.messages.some((message) => !Array.isArray(message['parts']) && message['content'] !== undefined);
  if (!ofLanguageModel && body.messages.some(({ role }) => role === 'tool'))
    return refused('The chat request cannot be read: a message of role "tool" needs "content".');
  if (body.messages.length === 0 && !(trigger === 'regenerate-message' && messageId)) {
    return refused('The chat request has no messages: send at least the last one.');
  }
  const threadId = body.threadId || body.id || undefined;
  const model = modelFrom(body);
  return {
    ok: true,
    request: {
      ...(threadId === undefined ? {} : { threadId }),
      trigger,
      messages: ofLanguageModel ? messagesFromLanguageModel(body.messages, links) : body.messages.map((message) => uiMessageFrom(message, links)),
      ...(messageId === undefined ? {} : { messageId }),
      ...(body.parentId === undefined ? {} : { parentId: body.parentId }),
      tools: toolsFrom(body['tools']),
      ...(model === undefined ? {} : { model }),
      protocol: ofLanguageModel ? 'data-stream' : 'ui-message',
    },
  };
};
