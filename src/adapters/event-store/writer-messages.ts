import type { EncodedAppend } from './encode.ts';
import type { AppendResult } from './port.ts';

/** What the writing thread is started with. */
export interface WriterSetup {
  readonly folder: string;
  /** The BroadcastChannel on which every thread of the process hears that events were stored. */
  readonly channelName: string;
}

export interface WriterRequest {
  readonly request: number;
  readonly append: EncodedAppend;
}

export type ToWriter = readonly WriterRequest[] | 'close';

export type FromWriter = 'ready' | { readonly failed: string } | { readonly answers: readonly { readonly request: number; readonly result: AppendResult }[] };
