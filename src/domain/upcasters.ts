import type { JsonObject } from './event.ts';

/** By event type and version: the data of that version as data of the next one. Pure; each has a golden file in test/golden. */
export const upcasters: Readonly<Record<string, Readonly<Record<number, (data: JsonObject) => JsonObject>>>> = {
  // Version 2 lets in roles that administrators have made.
  RolesChanged: { 1: (data) => data },
};
