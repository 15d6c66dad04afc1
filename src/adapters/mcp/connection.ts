import { type Client, type Tool, UrlElicitationRequiredError } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/event.ts';
import { type Question, readQuestion } from '../../domain/mcp/question.ts';
import { mcpErrorOf } from './errors.ts';
import { readLists } from './lists.ts';
import type { McpAnswers, McpCall, McpConnection, McpFacts, McpInputRequired, McpResult, McpToolResult } from './port.ts';
import { LONGEST_MS, type QuestionDesk } from './question-desk.ts';

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

export interface ConnectionParts {
  readonly closed: Promise<string>;
  readonly session: Session;
  readonly questions: QuestionDesk;
  readonly memory: () => number | undefined;
  readonly close: () => Promise<void>;
}

/** A client that is connected, with every outcome as a value. */
export function connectionOf(client: Client, facts: McpFacts, { closed, session, questions, memory, close }: ConnectionParts): McpConnection {
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
    callTool: async (definition, args, call, answers) => {
      // What the answer has to look like is the caller's to know: a server that breaks its own promise has still answered.
      const { outputSchema: _, ...tool } = definition;
      const params = { name: String(definition.name), arguments: args, ...answersOf(answers) };
      const { signal, isLate, close: done } = questions.open(call);
      const called = await asked({ ...call, signal, timeoutMs: LONGEST_MS }, (options) =>
        client.callTool(params, { ...options, allowInputRequired: true, toolDefinition: tool as unknown as Tool }).catch(toAddresses),
      );
      done();
      if (called.ok) return resultOf(called.value);
      return isLate() ? { ok: false, error: { code: 'Timeout', message: 'The server did not answer in time.', sent: true } } : called;
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

const answersOf = (answers: McpAnswers | undefined) => {
  if (!answers) return {};
  const { replies, state } = answers;
  return {
    ...(Object.keys(replies).length > 0 ? { inputResponses: replies } : {}),
    ...(state === undefined ? {} : { requestState: state }),
  };
};

/** Servers of 2025-11-25 refuse a call until somebody has been to some addresses; it is made anew then, with nothing more to say. */
const toAddresses = (error: unknown): { addresses: readonly unknown[] } => {
  if (error instanceof UrlElicitationRequiredError) return { addresses: error.elicitations };
  throw error;
};

const Required = z.object({
  resultType: z.literal('input_required'),
  inputRequests: z.record(z.string(), z.looseObject({ method: z.string(), params: z.unknown() })).default({}),
  requestState: z.string().max(150_000).optional(),
});
const Addresses = z.object({ addresses: z.array(z.unknown()).min(1) });
const notAskable = (message: string): McpResult<never> => ({ ok: false, error: { code: 'BadAnswer', message, sent: true } });
const MOST_QUESTIONS = 20;

function resultOf(answer: unknown): McpResult<McpToolResult | McpInputRequired> {
  const addresses = Addresses.safeParse(answer).data?.addresses;
  const required = Required.safeParse(answer).data;
  if (!addresses && !required) return toolResult(answer);
  const asked = addresses
    ? addresses.map((params, index) => readQuestion(`address ${index + 1}`, Object.assign({}, params, { mode: 'url' })))
    : Object.entries(required?.inputRequests ?? {}).map(([key, { method, params }]) =>
        method === 'elicitation/create' ? readQuestion(key, params) : undefined,
      );
  const questions = asked.filter((question): question is Question => question !== undefined);
  if (questions.length < asked.length || asked.length > MOST_QUESTIONS)
    return notAskable('The tool asks for something that nobody can be asked here.');
  const state = required?.requestState;
  return { ok: true, value: { questions, ...(state === undefined ? {} : { state }) } };
}

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
