import { stopped, type WatchedRequest } from './call.ts';
import type { ModelClock } from './clock.ts';
import { type ModelChunk, ModelError, type ModelProvider } from './port.ts';

export interface Deadlines {
  /** Milliseconds until the first sign of an answer, */
  readonly firstByteMs: number;
  /** between two signs, while somebody waits for the next, */
  readonly idleMs: number;
}

/**
 * One call of a provider, watched: it throws `Timeout` when nothing comes for too long or `endsAt` (of the clock) has passed, and `Aborted` as soon as the
 * signal fires, whether the provider reacts or not. The provider is told to stop in every case.
 */
export async function* watchedStream(
  provider: ModelProvider,
  request: WatchedRequest,
  deadlines: Deadlines,
  endsAt: number,
  clock: ModelClock,
): AsyncGenerator<ModelChunk> {
  const call = new AbortController();
  let signs = 0;
  let rearm = () => {};
  const onActivity = () => {
    signs += 1;
    rearm();
  };
  const watched: WatchedRequest = { ...request, signal: call.signal, onActivity };
  const iterator = provider.stream(watched)[Symbol.asyncIterator]();

  const next = () =>
    new Promise<IteratorResult<ModelChunk>>((resolve, reject) => {
      const stop = () => settle(() => reject(stopped()));
      let disarm = () => {};
      const settle = (end: () => void) => {
        disarm();
        rearm = () => {};
        request.signal.removeEventListener('abort', stop);
        end();
      };
      rearm = () => {
        disarm();
        const quiet = signs === 0 ? deadlines.firstByteMs : deadlines.idleMs;
        const rest = Math.max(0, endsAt - clock.now());
        const late = () => settle(() => reject(tooLate(rest <= quiet ? 'total' : signs === 0 ? 'first' : 'idle', deadlines)));
        if (rest === 0) late();
        else disarm = clock.after(Math.min(quiet, rest), late);
      };
      request.signal.addEventListener('abort', stop);
      if (request.signal.aborted) return stop();
      rearm();
      iterator.next().then(
        (result) => settle(() => resolve(result)),
        (thrown) => settle(() => reject(thrown)),
      );
    });

  try {
    for (let result = await next(); !result.done; result = await next()) {
      onActivity();
      yield result.value;
    }
  } finally {
    call.abort();
    iterator.return?.().catch(() => {});
  }
}

function tooLate(which: 'first' | 'idle' | 'total', { firstByteMs, idleMs }: Deadlines): ModelError {
  const words = {
    first: `The model sent nothing within ${firstByteMs / 1000} s.`,
    idle: `The model sent nothing for ${idleMs / 1000} s.`,
    total: 'The call of the model took longer than is allowed.',
  };
  return new ModelError('Timeout', words[which]);
}
