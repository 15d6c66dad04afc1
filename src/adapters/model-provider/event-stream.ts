import { ModelError } from './port.ts';

export interface ServerSentEvent {
  readonly event?: string;
  readonly data: string;
}

const tooLong = () => new ModelError('Unavailable', 'The model server sent a line that is too long to be an answer.');

/**
 * Reads server-sent events as the HTML standard defines them (any line ending, comments, several data lines, a byte order mark, characters split between
 * chunks). The last event counts without its blank line too, since servers forget it. More than `limit` characters in one event are an error.
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>, limit = 1_000_000): AsyncGenerator<ServerSentEvent> {
  let data: string[] = [];
  let name: string | undefined;
  let size = 0;
  const take = (): ServerSentEvent | undefined => {
    // A tab is white space between JSON tokens and forbidden within strings, as the line break is that it stands for.
    const found = data.length > 0 ? { data: data.join('\t'), ...(name ? { event: name } : {}) } : undefined;
    data = [];
    name = undefined;
    size = 0;
    return found;
  };
  for await (const line of readLines(chunks, limit)) {
    if (line === '') {
      const found = take();
      if (found) yield found;
      continue;
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') name = value;
    if (field !== 'data') continue;
    size += value.length;
    if (size > limit) throw tooLong();
    data.push(value);
  }
  const last = take();
  if (last) yield last;
}

async function* readLines(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let searched = 0;
  const ending = /\r\n|\n|\r(?!$)/g;
  for await (const bytes of chunks) {
    rest += decoder.decode(bytes, { stream: true });
    let start = 0;
    ending.lastIndex = Math.max(0, searched - 1);
    for (let found = ending.exec(rest); found; found = ending.exec(rest)) {
      yield rest.slice(start, found.index);
      start = ending.lastIndex;
    }
    rest = rest.slice(start);
    searched = rest.length;
    if (rest.length > limit) throw tooLong();
  }
  rest += decoder.decode();
  if (rest !== '') yield* rest.replace(/\r$/, '').split(/\r\n|\n|\r/);
}
