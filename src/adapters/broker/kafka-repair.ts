import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { readonly prototype: RequestQueue };
const schedule = prototype.scheduleCheckPendingRequests;

/**
 * With nothing pending, kafkajs 2.2.4 sets a timer to a negative time, again and again: each connection wakes the process every millisecond for ever, and
 * Node prints a TimeoutNegativeWarning. Nothing pending needs no look; whatever becomes pending schedules one itself.
 */
prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(this: RequestQueue): void {
  if (this.pending.length > 0) schedule.call(this);
};
