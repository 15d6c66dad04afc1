import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEvents, type ServerSentEvent } from '../../../src/adapters/model-provider/event-stream.ts';

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts.map((one) => one % (bytes.length + 1)).sort((left, right) => left - right), bytes.length]) {
    yield bytes.slice(from, cut);
    from = cut;
  }
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** The whole text at once, line by line, as the standard tells it. */
function reference(text: string): ServerSentEvent[] {
  const events: ServerSentEvent[] = [];
  let data: string[] = [];
  let event = '';
  for (const line of [...text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/), '']) {
    if (line === '') {
      if (data.length > 0) events.push({ data: data.join('\t'), ...(event ? { event } : {}) });
      data = [];
      event = '';
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    if (field === 'event') event = value;
  }
  return events;
}

const line = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => `data:${text.replace(/[\r\n]/g, '')}`),
  fc.constantFrom('', '', ': a comment', 'event: ping', 'event:x', 'id: 7', 'retry: 3', 'data', 'data:', 'nonsense', ':', 'data: żółć 👩‍🚀'),
);
const ending = fc.constantFrom('\n', '\r\n', '\r');

describe('server-sent events', () => {
  test('any stream, cut anywhere, gives the events of the reference parser', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(fc.tuple(line, ending), { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (marked, lines, cuts) => {
          const text = `${marked ? '\uFEFF' : ''}${lines.flat().join('')}`;
          const bytes = new TextEncoder().encode(text);
          const read = await all(readEvents(pieces(bytes, cuts)));
          expect(read).toEqual(reference(new TextDecoder().decode(bytes)));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('arbitrary bytes never make it fail', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 5 }), async (bytes, cuts) => {
        expect(await all(readEvents(pieces(bytes, cuts)))).toEqual(reference(new TextDecoder().decode(bytes)));
      }),
      { numRuns: 2_000 },
    );
  });

  test('an event over the limit is an error, in one line or in many', async () => {
    const encoded = (text: string) => pieces(new TextEncoder().encode(text), [10, 40, 70]);
    await expect(all(readEvents(encoded(`data: ${'x'.repeat(101)}`), 100))).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(all(readEvents(encoded('data: 1234567890\n'.repeat(11)), 100))).rejects.toMatchObject({ code: 'Unavailable' });
  });
});
