import { LRUCache } from 'lru-cache';
import { type Breaker, type BreakerLimits, createBreaker, type Permit } from './breaker.ts';
import { stopped } from './call.ts';
import { type ModelClock, sleep, systemClock } from './clock.ts';
import { type Deadlines, watchedStream } from './deadlines.ts';
import { createModelList } from './model-list.ts';
import { type Access, type ModelChunk, ModelError, type ModelProvider, type ModelRequest, type Models, type Usage } from './port.ts';
import { asModelError } from './provider-error.ts';
import { estimateUsage } from './usage.ts';

export interface ModelLimits extends Deadlines, BreakerLimits {
  /** Milliseconds for all attempts of one call together. */
  readonly totalMs: number;
  /** Attempts after the first one, and the milliseconds after which none begins. */
  readonly retries: number;
  readonly retryWithinMs: number;
  readonly backoffMs: number;
  readonly backoffCapMs: number;
}

export const defaultLimits: ModelLimits = {
  firstByteMs: 30_000,
  idleMs: 45_000,
  totalMs: 600_000,
  retries: 2,
  retryWithinMs: 60_000,
  backoffMs: 500,
  backoffCapMs: 8_000,
  failures: 5,
  calls: 20,
  windowMs: 30_000,
  openMs: 15_000,
};

export interface ModelsOptions {
  readonly providers: readonly ModelProvider[];
  /** Those for which the installation has no key of its own: used only by whoever brings one. */
  readonly byKey?: readonly ModelProvider[];
  /** A provider of any other name, for whoever brings its address too. */
  readonly compatible?: (name: string) => ModelProvider;
  /** What is used when nobody chose, a `provider/model`. Default: the demo. */
  readonly defaultModel?: () => Promise<string>;
  readonly settings?: Partial<ModelLimits>;
  readonly clock?: ModelClock;
  /** In [0, 1). */
  readonly random?: () => number;
}

type Request = Omit<ModelRequest, 'model'>;

/** The registry of all providers, with deadlines, retries before the first byte and a circuit breaker for each model in front of them. */
export function createModels({
  providers,
  byKey = [],
  compatible,
  defaultModel = async () => 'demo/demo',
  settings,
  clock = systemClock,
  random = Math.random,
}: ModelsOptions): Models {
  const limits = { ...defaultLimits, ...settings };
  const breakers = new LRUCache<string, Breaker>({ max: 1_000 });
  const breakerOf = (model: string) => {
    const breaker = breakers.get(model) ?? createBreaker(limits, clock.now);
    breakers.set(model, breaker);
    return breaker;
  };

  async function* stream(id: string, request: Request, onAttempt?: (attempt: number) => void): AsyncGenerator<ModelChunk> {
    const { provider, model } = find({ providers, byKey, compatible }, id, request.access);
    const breaker = breakerOf(request.access === undefined ? id : `${id} ${request.access.name}`);
    const startedAt = clock.now();
    let refused: ModelError | undefined;
    for (let attempt = 1; ; attempt += 1) {
      if (request.signal.aborted) throw stopped();
      const permit = breaker.enter();
      if ('retryAfter' in permit) throw refused ?? circuitOpen(id, permit.retryAfter);
      onAttempt?.(attempt);
      let shown = false;
      try {
        for await (const chunk of measured(watchedStream(provider, { ...request, model }, limits, startedAt + limits.totalMs, clock), request)) {
          shown = true;
          permit.succeeded();
          yield chunk;
        }
        return;
      } catch (thrown) {
        const error = asModelError(thrown);
        if (shown && error.code !== 'Aborted') {
          breaker.brokeOff();
          throw interrupted(error);
        }
        report(permit, error);
        const wait = error.retryAfter ?? random() * Math.min(limits.backoffCapMs, limits.backoffMs * 2 ** (attempt - 1));
        if (!error.retryable || attempt > limits.retries || clock.now() - startedAt + wait > limits.retryWithinMs) throw error;
        refused = error;
        await sleep(wait, request.signal, clock);
      } finally {
        permit.released();
      }
    }
  }

  const listWith = async (name: string, access: Access) => find({ providers, byKey, compatible }, `${name}/any`, access).provider.models(access);

  return { ...createModelList(providers, defaultModel, clock), listWith, stream };
}

type Registry = Pick<ModelsOptions, 'providers' | 'compatible'> & Required<Pick<ModelsOptions, 'byKey'>>;

function find({ providers, byKey, compatible }: Registry, id: string, access: Access | undefined): { provider: ModelProvider; model: string } {
  const slash = id.indexOf('/');
  const wanted = id.slice(0, slash);
  const named = ({ name }: ModelProvider): boolean => name === wanted;
  const keyless = byKey.find(named);
  const provider = providers.find(named) ?? (access && (keyless ?? (access.baseURL === undefined ? undefined : compatible?.(wanted))));
  if (slash > 0 && slash < id.length - 1 && provider) return { provider, model: id.slice(slash + 1) };
  if (keyless)
    throw new ModelError('Unauthorized', `There is no key for ${wanted} that may be used here: add one of your own, or ask an administrator.`);
  const known = providers.map(({ name }) => name).join(', ');
  throw new ModelError('NotFound', `There is no model of this name: it must be "provider/model" with one of the providers ${known}.`);
}

/** Passes an answer on with its usage once, right before its end, and with an estimate where the provider gave no figures for what it had put out. */
async function* measured(chunks: AsyncIterable<ModelChunk>, request: Request): AsyncGenerator<ModelChunk> {
  let usage: Usage | undefined;
  let characters = 0;
  let shown = false;
  let settled = false;
  const account = (): ModelChunk[] => {
    settled = true;
    const figures = shown ? estimateUsage(request, characters, usage) : usage;
    return figures ? [{ type: 'usage', usage: figures }] : [];
  };
  try {
    for await (const chunk of chunks) {
      if (chunk.type === 'usage') {
        usage = chunk.usage;
        continue;
      }
      if (chunk.type === 'finish') {
        yield* account();
        yield chunk;
        return;
      }
      shown = true;
      characters += charactersIn(chunk);
      yield chunk;
    }
    throw new ModelError('Unavailable', 'The answer of the model ended before it was complete.', { retryable: true });
  } catch (thrown) {
    if (shown && !settled) yield* account();
    throw thrown;
  }
}

/** What the provider put out in a chunk; a tool call comes in pieces first, so that the whole does not count again. */
function charactersIn(chunk: ModelChunk): number {
  if (chunk.type === 'text' || chunk.type === 'reasoning') return chunk.text.length;
  return chunk.type === 'tool-input' ? chunk.delta.length : 0;
}

/** What a call says about the health of its model: refusals show that it lives, and a call that was stopped shows nothing. */
function report(permit: Permit, { code }: ModelError): void {
  if (code === 'Unavailable' || code === 'Timeout' || code === 'RateLimited' || code === 'Interrupted') permit.failed();
  else if (code !== 'Aborted') permit.succeeded();
}

const interrupted = ({ message, said }: ModelError) => new ModelError('Interrupted', `The answer broke off. ${message}`, { said });

function circuitOpen(model: string, retryAfter: number): ModelError {
  const seconds = Math.ceil(retryAfter / 1000);
  return new ModelError(
    'CircuitOpen',
    `${model} has failed several times in a row; it is tried again in ${seconds} s. Wait, or choose another model.`,
    { retryAfter },
  );
}
