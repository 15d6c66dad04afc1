import type { Client, Tool } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/event.ts';
import { mcpErrorOf } from './errors.ts';
import { readLists } from './lists.ts';
import type { McpCall, McpConnection, McpFacts, McpResult, McpToolResult } from './port.ts';

/** Of a legacy server over HTTP, which may forget it. */
export interface Session {
  readonly id: () => string | undefined;
}

const Answer = z.record(z.string(), z.json());
const ToolAnswer = z.looseObject({
  content: z.array(Answer).default([]),
  structuredContent: z.json().optional(),
  isError: z.boolean().default(false),
});
/** How servers of the first SDK say in a result what others throw. */
const UNKNOWN_TOOL = /^MCP error -32602/;

/** A client that is connected, with every outcome as a value. */
export function connectionOf(
  client: Client,
  facts: McpFacts,
  { closed, session, memory, close }: { closed: Promise<string>; session: Session; memory: () => number | undefined; close: () => Promise<void> },
): McpConnection {
  const asked = async <Value>(call: McpCall, work: (options: ReturnType<typeof optionsOf>) => Promise<Value>): Promise<McpResult<Value>> => {
    try {
      call.signal.throwIfAborted();
      return { ok: true, value: await work(optionsOf(call)) };
    } catch (error) {
      return { ok: false, error: mcpErrorOf(error, { signal: call.signal, session: session.id() !== undefined }) };
    }
  };
  return {
    facts,
    closed,
    ping: (call) =>
      asked(call, async (options) => {
        if (facts.era === 'legacy') await client.ping(options);
        return undefined;
      }),
    lists: (call) => asked(call, (options) => readLists(client, options)),
    callTool: async (definition, args, call) => {
      // What the answer has to look like is the caller's to know: a server that breaks its own promise has still answered.
      const { outputSchema: _, ...tool } = definition;
      const called = await asked(call, (options) =>
        client.callTool({ name: String(definition.name), arguments: args }, { ...options, toolDefinition: tool as unknown as Tool }),
      );
      return called.ok ? toolResult(called.value) : called;
    },
    getPrompt: (name, args, call) =>
      asked(call, async (options) => Answer.parse(await client.getPrompt({ name, arguments: { ...args } }, options)) as JsonObject),
    readResource: (uri, call) => asked(call, async (options) => Answer.parse(await client.readResource({ uri }, options)) as JsonObject),
    memory,
    close,
  };
}

const optionsOf = ({ signal, timeoutMs, onProgress }: McpCall) => ({
  signal,
  timeout: timeoutMs,
  maxTotalTimeout: timeoutMs,
  ...(onProgress ? { onprogress: onProgress } : {}),
});

function toolResult(answer: unknown): McpResult<McpToolResult> {
  const parsed = ToolAnswer.safeParse(answer);
  if (!parsed.success) return { ok: false, error: { code: 'BadAnswer', message: 'The tool answered with something that is no result.', sent: true } };
  const { content, structuredContent, isError } = parsed.data;
  const [first] = content;
  if (isError && typeof first?.text === 'string' && UNKNOWN_TOOL.test(first.text))
    return { ok: false, error: { code: 'Refused', message: `The server refused: ${first.text.slice(0, 300)}`, sent: true } };
  return {
    ok: true,
    value: {
      content: content as JsonObject[],
      isError,
      ...(structuredContent === undefined ? {} : { structuredContent: structuredContent as Json }),
    },
  };
}
