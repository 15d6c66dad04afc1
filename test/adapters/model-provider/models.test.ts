import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WatchedRequest } from '../../../src/adapters/model-provider/call.ts';
import { createModels } from '../../../src/adapters/model-provider/models.ts';
import { type ModelChunk, ModelError, type ModelErrorCode, type ModelProvider } from '../../../src/adapters/model-provider/port.ts';
import { ask, type Heard, hear, modelError } from './calls.ts';
import { type FakeClock, fakeClock, settled } from './fake-clock.ts';

type Step = ModelChunk | ModelError | 'hang' | 'sign' | { readonly wait: number };
const text = (words: string): ModelChunk => ({ type: 'text', text: words });
const finish: ModelChunk = { type: 'finish', reason: 'stop' };
const fails = (code: ModelErrorCode, retryable: boolean, retryAfter?: number) =>
  new ModelError(code, `it is ${code}`, { retryable, ...(retryAfter === undefined ? {} : { retryAfter }) });
const busy = () => fails('Unavailable', true);

/** A provider that plays one script for each call, the last one for all further calls. */
function scripted(clock: FakeClock, ...scripts: readonly (readonly Step[])[]): ModelProvider & { calls: number[]; stopped: number } {
  const provider = {
    name: 'test',
    calls: [] as number[],
    stopped: 0,
    models: async () => [{ id: 'test/one', provider: 'test', name: 'one' }],
    async *stream(request: WatchedRequest): AsyncGenerator<ModelChunk> {
      request.signal.addEventListener('abort', () => {
        provider.stopped += 1;
      });
      provider.calls.push(clock.now());
      const script = scripts[Math.min(provider.calls.length, scripts.length) - 1] ?? [];
      for (const step of script) {
        if (step === 'hang') await new Promise(() => {});
        else if (step === 'sign') request.onActivity?.();
        else if (step instanceof ModelError) throw step;
        else if ('wait' in step) await new Promise<void>((resolve) => clock.after(step.wait, resolve));
        else yield step;
      }
    },
  };
  return provider;
}

function playing(
  scripts: readonly (readonly Step[])[],
  { random = 0.5, ...settings }: { random?: number } & Parameters<typeof createModels>[0]['settings'] = {},
) {
  const clock = fakeClock();
  const provider = scripted(clock, ...scripts);
  const models = createModels({ providers: [provider], clock, random: () => random, settings });
  const attempts: number[] = [];
  const call = (signal?: AbortSignal) => {
    const state: { heard?: Heard } = {};
    const { model: _model, ...request } = ask('12345678', signal ? { signal } : {});
    void hear(models.stream('test/one', request, (attempt) => attempts.push(attempt))).then((heard) => {
      state.heard = heard;
    });
    return state;
  };
  return { clock, provider, models, attempts, call };
}

describe('retries', () => {
  test('a failure that may be repeated is repeated until it succeeds, and each attempt is announced', async () => {
    const { clock, provider, attempts, call } = playing([[busy()], [busy()], [text('Hi'), finish]]);
    const state = call();
    await clock.pass(10_000);
    expect(state.heard?.text).toBe('Hi');
    expect(attempts).toEqual([1, 2, 3]);
    expect(provider.calls).toEqual([0, 250, 750]);
  });

  test('there are three attempts at most, and the last error is the answer', async () => {
    const { clock, provider, call } = playing([[busy()]]);
    const state = call();
    await clock.pass(60_000);
    expect(modelError(state.heard?.error).code).toBe('Unavailable');
    expect(provider.calls).toHaveLength(3);
  });

  test('the waits are full jitter: between nothing and half a second doubled each time, eight seconds at most', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 0.999, noNaN: true }), async (random) => {
        const { clock, provider, call } = playing([[busy()]], { random, retries: 6, failures: 99, retryWithinMs: 600_000 });
        call();
        await clock.pass(600_000);
        const waits = provider.calls.slice(1).map((at, index) => at - (provider.calls[index] ?? 0));
        for (const [index, cap] of [500, 1_000, 2_000, 4_000, 8_000, 8_000].entries()) expect(waits[index]).toBeCloseTo(random * cap, 6);
      }),
      { numRuns: 20 },
    );
  });

  test('what the provider asks to wait wins over the jitter', async () => {
    const { clock, provider, call } = playing([[fails('RateLimited', true, 2_000)], [text('Hi'), finish]]);
    call();
    await clock.pass(10_000);
    expect(provider.calls).toEqual([0, 2_000]);
  });

  test('a wait beyond sixty seconds in all is not begun: the client hears how long it would be', async () => {
    const { clock, provider, call } = playing([[fails('RateLimited', true, 120_000)]]);
    const state = call();
    await clock.pass(0);
    expect(modelError(state.heard?.error)).toMatchObject({ code: 'RateLimited', retryAfter: 120_000 });
    expect(provider.calls).toEqual([0]);
  });

  test.each<ModelErrorCode>(['BadRequest', 'Unauthorized', 'NotFound', 'ContentPolicy'])('%s is never repeated', async (code) => {
    const { clock, provider, call } = playing([[fails(code, false)]]);
    const state = call();
    await clock.pass(60_000);
    expect(modelError(state.heard?.error).code).toBe(code);
    expect(provider.calls).toHaveLength(1);
  });

  test('after anything was shown nothing is repeated: every failure is Interrupted', async () => {
    const shown: ModelChunk[] = [text('a'), { type: 'reasoning', text: 'b' }, { type: 'tool-input', toolCallId: 'c', toolName: 'd', delta: '' }];
    for (const first of shown) {
      for (const error of [busy(), fails('RateLimited', true, 1), fails('BadRequest', false), fails('Unauthorized', false)]) {
        const { clock, provider, call } = playing([[first, error]]);
        const state = call();
        await clock.pass(60_000);
        expect(modelError(state.heard?.error)).toMatchObject({ code: 'Interrupted', retryable: false });
        expect(state.heard?.chunks[0]).toEqual(first);
        expect(provider.calls).toHaveLength(1);
      }
    }
  });

  test('the signal ends the wait between two attempts', async () => {
    const { clock, provider, call } = playing([[fails('RateLimited', true, 30_000)]]);
    const controller = new AbortController();
    const state = call(controller.signal);
    await clock.pass(10);
    controller.abort();
    await settled();
    expect(modelError(state.heard?.error).code).toBe('Aborted');
    expect([provider.calls.length, clock.pending]).toEqual([1, 0]);
  });
});

describe('deadlines', () => {
  test.each<[string, readonly Step[], number, ModelErrorCode]>([
    ['the first byte must come within 30 s', ['hang'], 30_000, 'Timeout'],
    ['a sign of life ends that wait and begins the one of 45 s', [{ wait: 29_999 }, 'sign', 'hang'], 29_999 + 45_000, 'Timeout'],
    ['between two chunks there are at most 45 s', [text('a'), { wait: 44_999 }, text('b'), 'hang'], 44_999 + 45_000, 'Interrupted'],
    ['all together may take ten minutes', Array.from({ length: 100 }, (): Step[] => [text('a'), { wait: 40_000 }]).flat(), 600_000, 'Interrupted'],
  ])('%s', async (_what, script, after, code) => {
    const { clock, provider, call } = playing([script]);
    const state = call();
    await clock.pass(after - 1);
    expect(state.heard).toBeUndefined();
    await clock.pass(1);
    expect(modelError(state.heard?.error).code).toBe(code);
    expect([provider.calls.length, provider.stopped]).toEqual([1, 1]);
  });

  test('a reader that takes its time is no silence of the model', async () => {
    const { clock, models } = playing([[text('a'), text('b'), finish]]);
    const { model: _model, ...request } = ask('x');
    const iterator = models.stream('test/one', request)[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toEqual(text('a'));
    await clock.pass(500_000);
    expect((await iterator.next()).value).toEqual(text('b'));
  });

  test('a provider that ignores the signal is left at once, and no timer stays', async () => {
    const { clock, call } = playing([[text('a'), 'hang']]);
    const controller = new AbortController();
    const state = call(controller.signal);
    await clock.pass(1);
    controller.abort();
    await settled();
    expect(modelError(state.heard?.error).code).toBe('Aborted');
    expect(clock.pending).toBe(0);
  });

  test('a thousand calls of every kind leave no timer behind', async () => {
    const scripts: Step[][] = [
      [text('a'), finish],
      [fails('BadRequest', false)],
      [text('a'), fails('BadRequest', false)],
      ['hang'],
      [text('a'), 'hang'],
    ];
    for (const script of scripts) {
      const { clock, call } = playing([script], { failures: 10_000, calls: 10_000 });
      const states = Array.from({ length: 200 }, () => call());
      await clock.pass(100_000);
      expect(states.every(({ heard }) => heard !== undefined)).toBe(true);
      expect(clock.pending).toBe(0);
    }
  }, 20_000);
});

describe('the circuit', () => {
  const open = async (error: () => ModelError) => {
    const game = playing([[error()]], { retries: 0 });
    for (let call = 0; call < 5; call += 1) game.call();
    await game.clock.pass(1);
    return game;
  };

  test('after five failures calls are refused at once, without an attempt', async () => {
    const { clock, provider, attempts, call } = await open(busy);
    const state = call();
    await clock.pass(0);
    expect(modelError(state.heard?.error)).toMatchObject({ code: 'CircuitOpen', retryable: false, retryAfter: expect.any(Number) });
    expect([provider.calls.length, attempts.length]).toEqual([5, 5]);
  });

  test('after fifteen seconds one call is let through to try, and its success closes it', async () => {
    const { clock, provider, call } = playing([...Array.from({ length: 5 }, () => [busy()]), [{ wait: 100 }, text('Hi'), finish]], { retries: 0 });
    for (let one = 0; one < 5; one += 1) call();
    await clock.pass(15_001);
    const [probe, other] = [call(), call()];
    await clock.pass(200);
    expect(probe.heard?.text).toBe('Hi');
    expect(modelError(other.heard?.error).code).toBe('CircuitOpen');
    expect(provider.calls).toHaveLength(6);
    const next = call();
    await clock.pass(200);
    expect(next.heard?.text).toBe('Hi');
  });

  test.each<ModelErrorCode>(['Unauthorized', 'BadRequest', 'NotFound', 'ContentPolicy'])('%s does not open it', async (code) => {
    const { clock, provider, call } = await open(() => fails(code, false));
    call();
    await clock.pass(1);
    expect(provider.calls).toHaveLength(6);
  });

  test('a call stopped by its reader does not open it either', async () => {
    const { clock, provider, call } = playing([['hang']]);
    for (let one = 0; one < 6; one += 1) {
      const controller = new AbortController();
      call(controller.signal);
      await settled();
      controller.abort();
    }
    await clock.pass(1);
    expect(provider.calls).toHaveLength(6);
  });

  test('a provider that is down sees a bounded number of attempts, however many wait', async () => {
    const { clock, provider, call } = playing([[busy()]]);
    for (let one = 0; one < 500; one += 1) {
      call();
      await settled();
    }
    await clock.pass(60_000);
    expect(provider.calls.length).toBeLessThanOrEqual(3 * 5 + 2 * 5);
  }, 20_000);
});

describe('usage', () => {
  const usageOf = (heard: Heard | undefined) => heard?.chunks.filter((chunk) => chunk.type === 'usage');
  const hearScript = async (...script: Step[]) => {
    const { clock, call } = playing([script]);
    const state = call();
    await clock.pass(100_000);
    return state.heard;
  };

  test('what the provider reports is passed on unchanged, zeros too, right before the end', async () => {
    const usage = { inputTokens: 0, outputTokens: 0 };
    const heard = await hearScript({ type: 'usage', usage }, text('abcdefgh'), finish);
    expect(heard?.chunks).toEqual([text('abcdefgh'), { type: 'usage', usage }, finish]);
  });

  test('reported twice it counts once', async () => {
    const told = (outputTokens: number): ModelChunk => ({ type: 'usage', usage: { inputTokens: 1, outputTokens } });
    expect(usageOf(await hearScript(text('a'), told(1), told(2), finish))).toEqual([told(2)]);
  });

  test('not reported it is estimated, four characters a token, and says so', async () => {
    const heard = await hearScript(text('abcdefgh'), text('i'), finish);
    expect(usageOf(heard)).toEqual([{ type: 'usage', usage: { inputTokens: 2, outputTokens: 3, estimated: true } }]);
    expect(heard?.chunks.at(-1)).toEqual(finish);
  });

  test('an answer that was cut off is estimated too, before the error', async () => {
    const heard = await hearScript(text('abcdefgh'), busy());
    expect(usageOf(heard)).toEqual([{ type: 'usage', usage: { inputTokens: 2, outputTokens: 2, estimated: true } }]);
    expect(modelError(heard?.error).code).toBe('Interrupted');
  });

  test('only the figures that are missing are estimated', async () => {
    const heard = await hearScript({ type: 'usage', usage: { inputTokens: 99, cachedInputTokens: 90 } }, text('abcd'), busy());
    expect(usageOf(heard)).toEqual([{ type: 'usage', usage: { inputTokens: 99, cachedInputTokens: 90, outputTokens: 1, estimated: true } }]);
  });

  test('a call that showed nothing is not estimated', async () => {
    expect(usageOf(await hearScript(fails('BadRequest', false)))).toEqual([]);
  });

  test('an answer without an end is not taken for a whole one', async () => {
    expect(modelError((await hearScript(text('a')))?.error).code).toBe('Interrupted');
  });
});

describe('the registry', () => {
  const request = () => {
    const { model: _model, ...rest } = ask('x');
    return rest;
  };

  test.each(['nobody/one', 'one', 'test/', '/one', ''])('the name "%s" is not found, and the error says what is', async (name) => {
    const { models } = playing([[finish]]);
    const { error } = await hear(models.stream(name, request()));
    expect(modelError(error)).toMatchObject({ code: 'NotFound', message: expect.stringContaining('test') });
  });

  test('only the first slash separates: a model may have slashes in its own name', async () => {
    const asked: string[] = [];
    const provider: ModelProvider = {
      name: 'test',
      models: async () => [],
      async *stream({ model }) {
        asked.push(model);
        yield finish;
      },
    };
    await hear(createModels({ providers: [provider] }).stream('test/meta/llama-4', request()));
    expect(asked).toEqual(['meta/llama-4']);
  });

  test('a provider that cannot list its models hides no other, and the default is always in the list', async () => {
    const clock = fakeClock();
    const broken: ModelProvider = { ...scripted(clock, []), name: 'broken', models: () => Promise.reject(new Error('down')) };
    const models = createModels({ providers: [broken, scripted(clock, [])], defaultModel: async () => 'broken/x', clock });
    expect((await models.list()).map(({ id }) => id)).toEqual(['broken/x', 'test/one']);
    expect(await models.defaultModel()).toBe('broken/x');
  });
});
