import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Upcasters, upcast } from '../../src/adapters/event-store/upcast.ts';
import { PersonId } from '../../src/domain/ids.ts';

const Golden = z.strictObject({ before: z.record(z.string(), z.json()), after: z.record(z.string(), z.json()) });
const person = PersonId.parse('person_golden');
const metadata = {
  $correlationId: '',
  $causationId: '',
  commandId: '',
  commandHash: '',
  actor: person,
  subject: person,
  time: '2026-01-02T03:04:05.678Z',
};

/**
 * What is wrong with the upcasters, one sentence each: every version that an upcaster starts from needs a file `<Type>.v<version>.json` in the folder, with
 * `before`, the data as it was stored, and `after`, the data it must come out with in the newest version.
 */
export function goldenProblems(upcasters: Upcasters, folder: string): string[] {
  return Object.entries(upcasters).flatMap(([type, steps]) =>
    Object.keys(steps).flatMap((version) => problemOf(upcasters, type, Number(version), folder)),
  );
}

function problemOf(upcasters: Upcasters, type: string, version: number, folder: string): string[] {
  const name = `${type}.v${version}.json`;
  const file = join(folder, name);
  if (!existsSync(file)) return [`${name} is missing`];
  const { before, after } = Golden.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { data } = upcast(
    upcasters,
    { id: '', type, version, stream: 'golden', revision: 0n, position: '', data: before, metadata },
    (text) => `tag of ${text}`,
  );
  return isDeepStrictEqual(data, after) ? [] : [`${name} comes out as ${JSON.stringify(data)}`];
}
