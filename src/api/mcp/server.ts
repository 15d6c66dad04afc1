import { ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import type { PromptMessage, PromptPart } from '../../domain/prompt/index.ts';
import type { ListedPrompt, PromptSource } from '../../projections/prompt-source.ts';
import { callPromptTool, isPromptTool, promptTools } from '../../projections/prompt-tools.ts';

const PAGE = 50;
const annotations = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const HINT = { ttlMs: 5000, cacheScope: 'private' } as const;

/** Annals' own MCP server for one person and one exchange: prompts with completion, and tools by which a model reaches them. Both eras. */
export function promptServer(source: PromptSource): Server {
  const server = new Server(
    { name: 'annals', title: 'Annals', version: '1.0.0' },
    {
      capabilities: { prompts: { listChanged: true }, tools: {}, completions: {} },
      instructions: 'Prompts of the person: list them, get one with its arguments filled in. Tools do the same for models.',
      cacheHints: { 'prompts/list': HINT, 'tools/list': { ttlMs: 3_600_000, cacheScope: 'public' } },
    },
  );
  server.setRequestHandler('prompts/list', async ({ params }) => {
    const page = await source.list({ cursor: params?.cursor, limit: PAGE });
    if (page === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'This cursor is not one of ours: list from the beginning.');
    return { prompts: page.prompts.map(listed), ...(page.next === undefined ? {} : { nextCursor: page.next }) };
  });
  server.setRequestHandler('prompts/get', async ({ params: { name, arguments: values = {} } }) => {
    const got = await source.get(name, values);
    if (!got.ok) throw new ProtocolError(ProtocolErrorCode.InvalidParams, got.message);
    return { description: got.description === '' ? got.title : got.description, messages: got.messages.map(promptMessage) };
  });
  server.setRequestHandler('completion/complete', async ({ params: { ref, argument } }) => {
    const found = ref.type === 'ref/prompt' ? await source.complete(ref.name, argument.name, argument.value) : undefined;
    if (found === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is no such prompt.');
    return { completion: { values: [...found.values], total: found.total, hasMore: found.total > found.values.length } };
  });
  server.setRequestHandler('tools/list', () => ({ tools: promptTools.map((tool) => ({ ...tool, annotations })) }));
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: input = {} } }) => {
    if (!isPromptTool(name)) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${name}.`);
    const answer = await callPromptTool(source, name, input);
    const text = answer.ok ? JSON.stringify(answer.value) : answer.message;
    return { content: [{ type: 'text' as const, text }], ...(answer.ok ? {} : { isError: true }) };
  });
  return server;
}

const listed = ({ name, title, description, arguments: declared }: ListedPrompt) => ({
  name,
  ...(title === '' ? {} : { title }),
  description: description === '' ? title || name : description,
  arguments: declared.map(({ name: called, description: about, required }) => ({
    name: called,
    ...(about === undefined ? {} : { description: about }),
    required,
  })),
});

const promptMessage = ({ role, content }: PromptMessage) => ({ role, content: contentBlock(content) });

function contentBlock(part: PromptPart) {
  switch (part.type) {
    case 'text':
      return { type: 'text' as const, text: part.text };
    case 'image':
      return { type: 'image' as const, data: part.data, mimeType: part.mediaType };
    case 'resource': {
      const about = { uri: part.uri, ...(part.mediaType === undefined ? {} : { mimeType: part.mediaType }) };
      const resource = part.data !== undefined && part.text === undefined ? { ...about, blob: part.data } : { ...about, text: part.text ?? '' };
      return { type: 'resource' as const, resource };
    }
    default:
      return part satisfies never;
  }
}
