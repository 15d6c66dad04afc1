import type { ModelChunk, ModelProvider, ModelRequest } from '../../src/adapters/model-provider/port.ts';

export interface PlayedModel {
  readonly provider: ModelProvider;
  /** The calls made for answers, in order; those for titles are not among them. */
  readonly calls: ModelRequest[];
}

type Play = (request: ModelRequest, call: number) => AsyncIterable<ModelChunk> | Iterable<ModelChunk>;

/** A provider named `demo` that answers as the test says and counts how often it is asked. */
export function playedModel(play: Play): PlayedModel {
  const calls: ModelRequest[] = [];
  return {
    calls,
    provider: {
      name: 'demo',
      models: async () => [{ id: 'demo/demo', provider: 'demo', name: 'demo' }],
      stream: (request) => {
        if (request.system?.startsWith('Write a title')) return answer([...said('A title')]);
        calls.push(request);
        return answer(play(request, calls.length));
      },
    },
  };
}

async function* answer(chunks: AsyncIterable<ModelChunk> | Iterable<ModelChunk>): AsyncGenerator<ModelChunk> {
  yield* chunks;
}

export const usage = { inputTokens: 10, outputTokens: 2 } as const;

/** A whole answer of these texts. */
export const said = (...texts: readonly string[]): ModelChunk[] => [
  ...texts.map((text): ModelChunk => ({ type: 'text', text })),
  { type: 'usage', usage },
  { type: 'finish', reason: 'stop', model: 'demo' },
];

/** An answer that asks for tools. */
export const called = (...calls: readonly { id: string; name: string; input?: object }[]): ModelChunk[] => [
  ...calls.map(
    ({ id, name, input = {} }): ModelChunk => ({
      type: 'tool-call',
      toolCallId: id,
      toolName: name,
      input: input as never,
      inputText: JSON.stringify(input),
    }),
  ),
  { type: 'usage', usage },
  { type: 'finish', reason: 'tool-calls', model: 'demo' },
];

/** Says the first text, then nothing until the signal, as a provider does that hangs. */
export async function* saysThenHangs({ signal }: ModelRequest, ...texts: readonly string[]): AsyncGenerator<ModelChunk> {
  for (const text of texts) yield { type: 'text', text };
  await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
  throw signal.reason;
}
