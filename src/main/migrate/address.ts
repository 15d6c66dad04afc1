import { StartRefused } from '../refused.ts';

export type Address = { readonly folder: string } | { readonly eventStoreUrl: string };

/** `sqlite:./data`, or `esdb://…` and `esdb+discover://…`. Throws `StartRefused` for anything else. */
export function parseAddress(option: string, text: string): Address {
  const folder = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(text)?.[1];
  if (folder !== undefined) return { folder };
  if (/^esdb(\+discover)?:\/\/./.test(text)) return { eventStoreUrl: text };
  throw new StartRefused(`${option} is a data folder, as in sqlite:./data, or an event store, as in esdb://localhost:2113.`);
}
