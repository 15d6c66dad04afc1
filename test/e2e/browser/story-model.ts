import { createDemoProvider } from '../../../src/adapters/model-provider/demo.ts';
import { type ModelChunk, ModelError, type ModelProvider, type ModelRequest } from '../../../src/adapters/model-provider/port.ts';

const tale = Array.from({ length: 40 }, (_, at) => `Line ${at + 1} of a long tale that takes its time.`).join('\n\n');

const tour = `Here is a **small tour** of what a reply can hold.

1. First, the *idea*, with some \`inline code\`
2. Then a [link](https://example.com/page)

\`\`\`ts
// The sum of the first n odd numbers is n squared
export const square = (n: number): number => n * n;
\`\`\`

| Year | Event | Kept |
|---|---|---:|
| 1066 | A comet is seen | yes |

![A remote picture](https://example.com/tracker.png)
`;

/** The demonstration, which also knows a long tale, a tour of what a reply can hold, and how to fail once. */
export function createStoryProvider(): ModelProvider {
  const demo = createDemoProvider();
  let failed = false;
  return {
    ...demo,
    async *stream(request: ModelRequest): AsyncGenerator<ModelChunk> {
      const asked = lastWords(request);
      if (request.system?.includes('title')) return yield* demo.stream(request);
      if (asked.includes('fail once') && !failed) {
        failed = true;
        throw new ModelError('Unavailable', 'The model is not reachable right now.');
      }
      const text = asked.includes('long tale') ? tale : asked.includes('tour') ? tour : undefined;
      if (text === undefined) return yield* demo.stream(request);
      for (const word of text.split(/(?<=\s)/)) {
        if (text === tale) await pause(25, request.signal);
        yield { type: 'text', text: word };
      }
      yield { type: 'usage', usage: { inputTokens: asked.length, outputTokens: text.length } };
      yield { type: 'finish', reason: 'stop' };
    },
  };
}

const lastWords = ({ messages }: ModelRequest): string => {
  const last = messages.at(-1);
  return last?.role === 'user' ? last.content.map((part) => (part.type === 'text' ? part.text : '')).join(' ') : '';
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new ModelError('Aborted', 'The call was stopped.'));
    });
  });
