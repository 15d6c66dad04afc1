import { Worker } from 'node:worker_threads';
import { START } from '../adapters/event-store/port.ts';
import { createProgress, type Progress } from '../projections/progress.ts';
import type { RebuildResult } from '../projections/projector.ts';
import type { FromProjector, ToProjector } from './projector-thread.ts';

export interface ProjectorClient {
  readonly progress: Progress;
  start(): void;
  /** Whatever it is at is finished first; until the next start has caught up no view answers. */
  stop(): Promise<void>;
}

export interface ProjectorEvents {
  /** It cannot go on; `damaged`: because the views' file is. */
  readonly onFailure: (message: string, damaged: boolean) => void;
  /** Its writes wait for the disk: why, or nothing when they went on. */
  readonly onWait: (why: string | undefined) => void;
}

interface Rebuild {
  readonly onProgress: ((events: number) => void) | undefined;
  readonly resolve: (result: RebuildResult) => void;
  readonly reject: (error: Error) => void;
}

/** `secret` is the installation's. The projector's thread as the main one sees it; it can be started again after a stop. */
export function createProjectorClient(
  { folder, secret }: { folder: string; secret: Buffer },
  { onFailure, onWait }: ProjectorEvents,
): ProjectorClient {
  const rebuilds = new Map<number, Rebuild>();
  let running: { readonly worker: Worker; readonly exited: Promise<void> } | undefined;
  let nextId = 0;
  const post = (message: ToProjector): void => running?.worker.postMessage(message);
  const progress = createProgress([], (view, onProgress) => {
    const id = nextId++;
    return new Promise((resolve, reject) => {
      rebuilds.set(id, { onProgress, resolve, reject });
      post({ kind: 'rebuild', id, view });
    });
  });

  const hear = (message: FromProjector): void => {
    switch (message.kind) {
      case 'progress':
        progress.report(message.statuses);
        break;
      case 'rebuilding':
        rebuilds.get(message.id)?.onProgress?.(message.events);
        break;
      case 'rebuilt':
        rebuilds.get(message.id)?.resolve(message.result);
        rebuilds.delete(message.id);
        break;
      case 'rebuild-failed':
        rebuilds.get(message.id)?.reject(new Error(message.message));
        rebuilds.delete(message.id);
        break;
      case 'waiting':
        onWait(message.why);
        break;
      case 'failed':
        progress.report(progress.status().map((status) => ({ ...status, state: 'halted', reason: message.message })));
        onFailure(message.message, message.damaged);
        break;
      default:
        message satisfies never;
    }
  };
  const ended = (): void => {
    for (const { reject } of rebuilds.values()) reject(new Error('The views’ writer was stopped: ask again.'));
    rebuilds.clear();
  };

  return {
    progress,
    start() {
      const worker = new Worker(new URL('../main.js', import.meta.url), { workerData: { thread: 'projector', folder, secret } });
      worker.on('message', hear);
      worker.on('error', (error) => hear({ kind: 'failed', message: error instanceof Error ? error.message : String(error), damaged: false }));
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve(ended())));
      running = { worker, exited };
    },
    async stop() {
      post({ kind: 'stop' });
      await running?.exited;
      running = undefined;
      progress.report(progress.status().map(({ view, version }) => ({ view, version, state: 'catching-up', position: START, lagMs: 0 })));
    },
  };
}
