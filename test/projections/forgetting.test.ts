import { expect, test } from 'vitest';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { PersonErased } from '../../src/domain/person.ts';
import { views } from '../../src/projections/views/index.ts';

/** Views whose documents name a person and stay when it is erased, each with the reason. */
const staying: Readonly<Record<string, string>> = {
  conversations: 'the job deletes the threads, one by one, but for those in which others wrote',
  files: 'the job deletes the files, one by one',
  'provider-keys': 'the job removes the keys, one by one',
  'mcp-servers': 'the job removes the servers, one by one',
  prompts: 'the job deletes the prompts, one by one, and with them their versions',
  runs: 'what was used, and when, under an id that leads to nobody',
  jobs: 'that the erasure was done',
};

const erased = {
  type: PersonErased.type,
  data: { person: 'person_ada', jobId: 'job_1' },
  metadata: { subject: 'person_ada', actor: 'person_ada', time: '2026-01-01T00:00:00.000Z' },
} as unknown as RecordedEvent;

test('every view of a person’s things forgets them when the person is erased, or it is said why not', () => {
  const ofPersons = views.filter(({ indexes }) => indexes.some(([field]) => field === 'owner' || field === 'person'));
  expect(ofPersons.length).toBeGreaterThan(5);
  const keeping = ofPersons.filter(({ types, keys, fold }) => {
    if (!types.includes(PersonErased.type)) return true;
    const [key] = keys(erased);
    return typeof key !== 'object' || key.value !== 'person_ada' || fold({ owner: 'person_ada', person: 'person_ada' }, erased) !== 'delete';
  });
  expect(keeping.map(({ name }) => name).toSorted()).toEqual(Object.keys(staying).toSorted());
});
