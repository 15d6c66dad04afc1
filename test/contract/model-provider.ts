import { describe, expect, test } from 'vitest';
import { ModelError, type ModelProvider } from '../../src/adapters/model-provider/port.ts';
import { ask, hear, hearProvider, modelError } from '../adapters/model-provider/calls.ts';

/** A provider made ready for each situation; `message` is what has to be asked there. */
export interface ProviderSituation {
  readonly provider: ModelProvider;
  readonly model: string;
  readonly message: string;
  readonly close?: () => Promise<void>;
  /** True once nothing of the call is left open on the other side. */
  readonly freed?: () => Promise<boolean>;
}

export interface ProviderSituations {
  /** Answers `Grüße, Welt` as text after the thought `Hm`. */
  readonly answers: () => Promise<ProviderSituation>;
  /** Calls the tool `weather` with `{"city":"Łódź"}`. */
  readonly callsTool: () => Promise<ProviderSituation>;
  /** Says something, and goes on for ever. */
  readonly neverEnds: () => Promise<ProviderSituation>;
  /** Fails before it has said anything. */
  readonly fails: () => Promise<ProviderSituation>;
  /** Says `one two` and fails. */
  readonly breaksOff: () => Promise<ProviderSituation>;
}

/** What every way to models promises, whatever is behind it. */
export function modelProviderContract(name: string, situations: ProviderSituations): void {
  const within = async (arrange: () => Promise<ProviderSituation>, check: (situation: ProviderSituation) => Promise<void>) => {
    const situation = await arrange();
    try {
      await check(situation);
    } finally {
      await situation.close?.();
    }
  };

  describe(`${name} keeps the contract of model providers`, () => {
    test('an answer is reasoning, then text, usage at most once, and finish last', () =>
      within(situations.answers, async ({ provider, model, message }) => {
        const { chunks, text, reasoning, error } = await hearProvider(provider, ask(message, { model }));
        expect(error).toBeUndefined();
        expect({ text, reasoning }).toEqual({ text: 'Grüße, Welt', reasoning: 'Hm' });
        expect(chunks.at(-1)).toMatchObject({ type: 'finish', reason: 'stop' });
        expect(chunks.filter(({ type }) => type === 'usage')).toHaveLength(1);
        expect(chunks.filter(({ type }) => type === 'finish')).toHaveLength(1);
      }));

    test('no chunk is empty: whatever is shown says something', () =>
      within(situations.answers, async ({ provider, model, message }) => {
        const { chunks } = await hearProvider(provider, ask(message, { model }));
        expect(chunks.filter((chunk) => 'text' in chunk && chunk.text === '')).toEqual([]);
      }));

    test('a tool call comes whole once, and its pieces join to the same text', () =>
      within(situations.callsTool, async ({ provider, model, message }) => {
        const { chunks, error } = await hearProvider(provider, ask(message, { model }));
        expect(error).toBeUndefined();
        const calls = chunks.filter((chunk) => chunk.type === 'tool-call');
        expect(calls).toHaveLength(1);
        expect(calls[0]).toMatchObject({ toolName: 'weather', input: { city: 'Łódź' } });
        const pieces = chunks.filter((chunk) => chunk.type === 'tool-input');
        expect(pieces.every(({ toolCallId }) => toolCallId === calls[0]?.toolCallId)).toBe(true);
        expect(pieces.map(({ delta }) => delta).join('')).toBe(calls[0]?.inputText);
        expect(chunks.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
      }));

    test('a call whose signal has fired already is not made', () =>
      within(situations.answers, async ({ provider, model, message }) => {
        const { chunks, error } = await hearProvider(provider, ask(message, { model, signal: AbortSignal.abort() }));
        expect(modelError(error).code).toBe('Aborted');
        expect(chunks).toEqual([]);
      }));

    test('the signal ends a running call with Aborted, and what it held is freed', () =>
      within(situations.neverEnds, async ({ provider, model, message, freed }) => {
        const controller = new AbortController();
        const iterator = provider.stream(ask(message, { model, signal: controller.signal }))[Symbol.asyncIterator]();
        await iterator.next();
        controller.abort();
        const rest = await hear({ [Symbol.asyncIterator]: () => iterator });
        expect(modelError(rest.error).code).toBe('Aborted');
        if (freed) await expect.poll(freed, { timeout: 500, interval: 5 }).toBe(true);
      }));

    test('a reader that leaves frees the call too', () =>
      within(situations.neverEnds, async ({ provider, model, message, freed }) => {
        for await (const _chunk of provider.stream(ask(message, { model }))) break;
        if (freed) await expect.poll(freed, { timeout: 500, interval: 5 }).toBe(true);
      }));

    test('a failure before the first byte is a ModelError and nothing was yielded', () =>
      within(situations.fails, async ({ provider, model, message }) => {
        const { chunks, error } = await hearProvider(provider, ask(message, { model }));
        expect(chunks).toEqual([]);
        expect(modelError(error).code).toBe('Unavailable');
        expect(modelError(error).cause).toBeUndefined();
      }));

    test('what came before a break is delivered before the error', () =>
      within(situations.breaksOff, async ({ provider, model, message }) => {
        const { text, error } = await hearProvider(provider, ask(message, { model }));
        expect(text.trim()).toBe('one two');
        expect(error).toBeInstanceOf(ModelError);
      }));

    test('its models are named provider/model', () =>
      within(situations.answers, async ({ provider }) => {
        const models = await provider.models().catch((error: unknown) => modelError(error) && []);
        for (const { id, provider: owner, name: own } of models) expect(id).toBe(`${owner}/${own}`);
      }));
  });
}
