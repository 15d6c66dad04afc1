import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDemoProvider } from '../../../src/adapters/model-provider/demo.ts';
import type { ModelMessage, ModelRequest } from '../../../src/adapters/model-provider/port.ts';
import { ask, hear, hearProvider, modelError } from './calls.ts';
import { fakeClock } from './fake-clock.ts';

const demo = createDemoProvider({ newId: () => 'fixed' });
const say = (text: string, more: Partial<ModelRequest> = {}) => hearProvider(demo, ask(text, { model: 'demo', ...more }));
const user = (text: string): ModelMessage => ({ role: 'user', content: [{ type: 'text', text }] });
const assistant = (text: string): ModelMessage => ({ role: 'assistant', content: [{ type: 'text', text }] });

describe('the demonstration model', () => {
  test('says what it is, and repeats what it was asked', async () => {
    const { text } = await say('How warm is it in Bonn?');
    expect(text).toContain('demonstration');
    expect(text).toContain('> How warm is it in Bonn?');
    expect(text).toContain('6 words');
  });

  test('answers from the conversation: it finds the earlier message that the question is about', async () => {
    const messages = [
      user('My sister Ada lives in Bonn.'),
      assistant('noted'),
      user('I like tea.'),
      assistant('noted'),
      user('Where does my sister live?'),
    ];
    const { text } = await say('', { messages });
    expect(text).toContain('> My sister Ada lives in Bonn.');
    expect(text).toContain('2 messages');
    expect(text).not.toContain('tea');
  });

  test('the same request gets the same answer, chunk by chunk', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 4 }), async (texts) => {
        const messages = texts.map(user);
        expect(await say('', { messages })).toEqual(await say('', { messages }));
      }),
      { numRuns: 100 },
    );
  });

  test('/echo answers any line exactly, word by word', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 60 }), async (line) => {
        const wanted = line.replace(/[\r\n]/g, '');
        expect((await say(`/echo ${wanted}`)).text).toBe(wanted);
      }),
      { numRuns: 300, examples: [['a\u2028b'], [' '], ['  a  ']] },
    );
    const { chunks } = await say('/echo one two three');
    expect(chunks.filter(({ type }) => type === 'text')).toHaveLength(3);
  });

  test('/long says as many words as it is told, and counts them as its usage', async () => {
    const { text, chunks } = await say('/long 500');
    expect(text.split(/\s+/)).toHaveLength(500);
    expect(chunks.at(-2)).toEqual({ type: 'usage', usage: { inputTokens: 2, outputTokens: 500 } });
  });

  test('/think comes first, as reasoning, and is counted as such', async () => {
    const { reasoning, chunks } = await say('/think let me see\n/echo so it is');
    expect(reasoning).toBe('let me see');
    expect(chunks.map(({ type }) => type).lastIndexOf('reasoning')).toBeLessThan(chunks.map(({ type }) => type).indexOf('text'));
    expect(chunks.at(-2)).toMatchObject({ usage: { outputTokens: 6, reasoningTokens: 3 } });
  });

  test('/call calls the tool, and once its result is there the model says what came back', async () => {
    const first = await say('/call weather {"city":"Bonn"}\nplease');
    expect(first.chunks.find((chunk) => chunk.type === 'tool-call')).toEqual({
      type: 'tool-call',
      toolCallId: 'call_fixed',
      toolName: 'weather',
      input: { city: 'Bonn' },
      inputText: '{"city":"Bonn"}',
    });
    const messages: ModelMessage[] = [
      user('/call weather {"city":"Bonn"}'),
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'weather', input: { city: 'Bonn' } }] },
      { role: 'tool', toolCallId: 'c', toolName: 'weather', output: { degrees: 21 } },
    ];
    const second = await say('', { messages });
    expect(second.text).toContain('{"degrees":21}');
    expect(second.chunks.at(-1)).toMatchObject({ type: 'finish', reason: 'stop' });
    const refused = await say('', {
      messages: [...messages.slice(0, 2), { role: 'tool', toolCallId: 'c', toolName: 'weather', output: 'denied', isError: true }],
    });
    expect(refused.text).toContain('failed: denied');
  });

  test('a call without input has an empty one, and input that is no JSON stays what it was', async () => {
    expect((await say('/call now')).chunks.find(({ type }) => type === 'tool-call')).toMatchObject({ toolName: 'now', input: {} });
    expect((await say('/call now {nope')).chunks.find(({ type }) => type === 'tool-call')).toMatchObject({ input: undefined, inputText: '{nope' });
  });

  test('/fail fails before the first word, /fail N after N', async () => {
    expect(await say('/fail')).toMatchObject({ chunks: [], error: { code: 'Unavailable' } });
    const { text, error } = await say('/fail 3\n/long 10');
    expect(text.split(' ')).toHaveLength(3);
    expect(modelError(error).code).toBe('Unavailable');
  });

  test('/pace puts its time between the words, and the signal ends the wait', async () => {
    const clock = fakeClock();
    const paced = createDemoProvider({ clock });
    const controller = new AbortController();
    const done = hear(paced.stream(ask('/pace 1000\n/long 50', { model: 'demo', signal: controller.signal })));
    await clock.pass(2_500);
    controller.abort();
    const { text, error } = await done;
    expect(text.split(' ')).toHaveLength(3);
    expect(modelError(error).code).toBe('Aborted');
    expect(clock.pending).toBe(0);
  });

  test('directives count at the start only, and unknown ones are ordinary text', async () => {
    expect((await say('Tell me\n/echo no')).text).toContain('> /echo no');
    expect((await say('/dance\n/echo no')).text).toContain('> /dance');
  });

  test('asked for a title it makes one of the first words of the person', async () => {
    const system = 'Write a short title for this conversation.';
    expect((await say('Plan a trip to the Baltic sea with Ada, please.', { system })).text).toBe('Plan a trip to the Baltic');
    expect((await say('/long 5\nGood morning!', { system })).text).toBe('Good morning');
    expect((await say('', { system })).text).toBe('New conversation');
    expect((await say('Hello', { system: 'You are Dr. X, that is your title.' })).text).toContain('demonstration');
  });
});
