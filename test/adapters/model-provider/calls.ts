import { type ModelChunk, ModelError, type ModelProvider, type ModelRequest } from '../../../src/adapters/model-provider/port.ts';

export const ask = (text: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'model-1',
  messages: [{ role: 'user', content: [{ type: 'text', text }] }],
  signal: new AbortController().signal,
  ...more,
});

export interface Heard {
  readonly chunks: ModelChunk[];
  readonly text: string;
  readonly reasoning: string;
  readonly error?: unknown;
}

/** Everything a stream yields, and how it failed if it did. */
export async function hear(stream: AsyncIterable<ModelChunk>): Promise<Heard> {
  const chunks: ModelChunk[] = [];
  const said = (type: 'text' | 'reasoning') => chunks.map((chunk) => (chunk.type === type ? chunk.text : '')).join('');
  try {
    for await (const chunk of stream) chunks.push(chunk);
    return { chunks, text: said('text'), reasoning: said('reasoning') };
  } catch (error) {
    return { chunks, text: said('text'), reasoning: said('reasoning'), error };
  }
}

export const hearProvider = (provider: ModelProvider, request: ModelRequest) => hear(provider.stream(request));

export function modelError(error: unknown): ModelError {
  if (error instanceof ModelError) return error;
  throw new Error(`not a ModelError: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
}

/** Waits for a condition, without a fixed time. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('The condition never came true.');
}
