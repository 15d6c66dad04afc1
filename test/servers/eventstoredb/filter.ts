import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { Recorded } from './record.ts';

/** How many records the real server looks at in one go when the client doesn't say. */
const WINDOW = 32;

export interface Filter {
  readonly passes: (record: Recorded) => boolean;
  /** A subscriber hears a checkpoint each time this many records were looked at. */
  readonly checkpointEvery: number;
}

export function filterOf(options: ReadReq.Options): Filter | undefined {
  const filter = options.getFilter();
  if (!filter) return undefined;
  const expression = filter.getStreamIdentifier() ?? filter.getEventType();
  const matches = matcher(expression);
  const ofStream = filter.hasStreamIdentifier();
  return {
    passes: (record) => matches(ofStream ? record.stream : record.type),
    checkpointEvery: (filter.hasMax() ? filter.getMax() : WINDOW) * Math.max(1, filter.getCheckpointintervalmultiplier()),
  };
}

function matcher(expression: ReadReq.Options.FilterOptions.Expression | undefined): (name: string) => boolean {
  const prefixes = expression?.getPrefixList() ?? [];
  if (prefixes.length > 0) return (name) => prefixes.some((prefix) => name.startsWith(prefix));
  const pattern = new RegExp(expression?.getRegex() ?? '');
  return (name) => pattern.test(name);
}
