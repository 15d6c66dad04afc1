import type { EncodedAppend } from './encode.ts';
import type { AppendResult } from './port.ts';

/** What the writing thread is started with. */
export interface WriterSetup {
  readonly folder: string;
  /** The BroadcastChannel on which the other threads of the process hear that events were stored. */
  readonly channelName: string;
  /** One number in shared memory, raised and notified after every message: the writer sleeps on it, which wakes it sooner than an event loop would. */
  readonly bell: Int32Array<SharedArrayBuffer>;
}

export interface WriterRequest {
  readonly request: number;
  readonly append: EncodedAppend;
}

export type ToWriter = readonly WriterRequest[] | 'close';

export type FromWriter =
  | 'ready'
  | { readonly failed: string }
  | { readonly answers: readonly { readonly request: number; readonly result: AppendResult }[] };
