import type { ModelChunk } from '../../adapters/model-provider/port.ts';
import type { Placeholders } from '../../domain/masking/placeholders.ts';
import { createJsonUnmasker, createUnmasker, type Unmasker, unmaskDeep } from '../../domain/masking/unmask.ts';

type Delta = Extract<ModelChunk, { type: 'text' | 'reasoning' | 'tool-input' }>;

const channelOf = (chunk: Delta): string => (chunk.type === 'tool-input' ? `tool-input ${chunk.toolCallId}` : chunk.type);
const saying = (chunk: Delta, said: string): Delta => (chunk.type === 'tool-input' ? { ...chunk, delta: said } : { ...chunk, text: said });

/** The answer with what its placeholders stand for, however they were cut; also of an answer that breaks off nothing is lost. */
export async function* unmaskAnswer(chunks: AsyncIterable<ModelChunk>, placeholders: Placeholders): AsyncGenerator<ModelChunk> {
  let open: { readonly channel: string; readonly unmasker: Unmasker; last: Delta } | undefined;
  const rest = (): ModelChunk[] => {
    const said = open?.unmasker.end() ?? '';
    const chunk = open && said !== '' ? [saying(open.last, said)] : [];
    open = undefined;
    return chunk;
  };
  try {
    for await (const chunk of chunks) {
      if (chunk.type === 'text' || chunk.type === 'reasoning' || chunk.type === 'tool-input') {
        const channel = channelOf(chunk);
        if (open?.channel !== channel) {
          yield* rest();
          open = { channel, unmasker: chunk.type === 'tool-input' ? createJsonUnmasker(placeholders) : createUnmasker(placeholders), last: chunk };
        }
        open.last = chunk;
        const said = open.unmasker.push(chunk.type === 'tool-input' ? chunk.delta : chunk.text);
        if (said !== '') yield saying(chunk, said);
      } else {
        yield* rest();
        yield chunk.type === 'tool-call' ? whole(chunk, placeholders) : chunk;
      }
    }
  } catch (error) {
    yield* rest();
    throw error;
  }
  yield* rest();
}

function whole(chunk: Extract<ModelChunk, { type: 'tool-call' }>, placeholders: Placeholders): ModelChunk {
  const json = createJsonUnmasker(placeholders);
  const inputText = json.push(chunk.inputText) + json.end();
  return { ...chunk, input: chunk.input === undefined ? undefined : unmaskDeep(placeholders, chunk.input), inputText };
}
