import { Worker } from 'node:worker_threads';
import { createProgress, type Progress } from '../projections/progress.ts';
import type { RebuildResult } from '../projections/projector.ts';
import type { FromProjector, ToProjector } from './projector-thread.ts';

export interface ProjectorClient {
  readonly progress: Progress;
  stop(): Promise<void>;
}

/** Starts the projector's thread; `onFailure` hears when it cannot go on. */
export function startProjector(folder: string, onFailure: (message: string) => void): ProjectorClient {
  const worker = new Worker(new URL('../main.ts', import.meta.url), { workerData: { thread: 'projector', folder } });
  const rebuilds = new Map<
    number,
    { onProgress: ((events: number) => void) | undefined; resolve: (result: RebuildResult) => void; reject: (error: Error) => void }
  >();
  let nextId = 0;
  const post = (message: ToProjector): void => worker.postMessage(message);
  const progress = createProgress([], (view, onProgress) => {
    const id = nextId++;
    return new Promise((resolve, reject) => {
      rebuilds.set(id, { onProgress, resolve, reject });
      post({ kind: 'rebuild', id, view });
    });
  });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('error', (error) => onFailure(error.message));
  worker.on('message', (message: FromProjector) => {
    switch (message.kind) {
      case 'progress':
        return progress.report(message.statuses);
      case 'rebuilding':
        return rebuilds.get(message.id)?.onProgress?.(message.events);
      case 'rebuilt':
        rebuilds.get(message.id)?.resolve(message.result);
        return void rebuilds.delete(message.id);
      case 'failed':
        if (message.id === undefined) return onFailure(message.message);
        rebuilds.get(message.id)?.reject(new Error(message.message));
        return void rebuilds.delete(message.id);
      case 'stopped':
        return undefined;
      default:
        return message satisfies never;
    }
  });
  return {
    progress,
    async stop() {
      post({ kind: 'stop' });
      await exited;
    },
  };
}
