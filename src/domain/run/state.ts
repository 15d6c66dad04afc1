import type { Outcome } from '../message.ts';
import type { CallBinding } from './events.ts';

/** What a call waits to be told. */
export interface OpenInput {
  readonly inputId: string;
  readonly resumable: boolean;
  readonly expiresAt: string;
  answered?: boolean;
}

export interface OpenCall {
  readonly toolName?: string | undefined;
  readonly needs: 'server' | 'approval' | 'client';
  readonly approvalId?: string;
  readonly binding?: CallBinding;
  approved?: boolean;
  started?: boolean;
  ended?: boolean;
  /** What it asked last. */
  input?: OpenInput;
}

/** A run as its own stream tells it; never its text. */
export interface Run {
  status: 'absent' | 'streaming' | 'waiting' | 'between' | 'ended';
  model?: string;
  epoch: number;
  segment: number;
  step: number;
  attempt: number;
  /** Has come to a pause that no `resumeRun` has ended: even when every answer is there, only the worker that resumes it goes on. */
  paused: boolean;
  stopRequested: boolean;
  outcome?: Outcome;
  /** Tool calls so far, in all steps. */
  callCount: number;
  /** Tool calls of the step that the run stands at. */
  readonly calls: Map<string, OpenCall>;
  expiresAt?: string;
}
