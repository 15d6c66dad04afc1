import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeProfile, registerPerson } from '../../../src/commands/person.ts';
import { annals } from '../../../src/commands/settle-active-run.ts';
import { listAudit } from '../../../src/projections/queries/audit.ts';
import { askFor, settled } from '../../harness/chat.ts';
import { administrator, person } from '../../harness/memory-annals.ts';
import { type AllDoors, openAllDoors } from '../attacks/all-doors.ts';
import { lineOf } from '../attacks/requests.ts';
import { bearer } from '../http/start-server.ts';

const CANARY = 'canaryofada81c6';
const ada = person('ada');
/** The record of an installation about its own doors; that it is looked at is not noted in itself, or it would never end. */
const OWN_RECORD = /^GET \/api\/(security|audit)/;

let doors: AllDoors;
let known: Readonly<Record<string, string>>;
beforeAll(async () => {
  doors = await openAllDoors();
  const { kernel } = doors;
  const profile = { name: CANARY, email: `${CANARY}@example.org` };
  await kernel.tell(annals(ada.id), registerPerson({ person: ada.id, via: 'registration', roles: ['member'], profile }));
  await kernel.tell(ada, changeProfile({ person: ada.id, profile: { language: CANARY } }));
  const asked = await askFor(kernel, ada, `/echo ${CANARY}`);
  await settled(kernel, asked);
  const token = await doors.tokenOf('ada', ['member']);
  const upload = await fetch(`${doors.url}/api/files?filename=${CANARY}.txt`, {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'text/plain' },
    body: CANARY,
  });
  const { fileId } = (await upload.json()) as { fileId: string };
  const { conversationId, question, runId } = asked;
  known = {
    conversationId,
    threadId: conversationId,
    messageId: question,
    parentId: question,
    runId,
    fileId,
    person: ada.id,
    streamId: `${runId}.0`,
  };
});
afterAll(() => doors.stop());

test('who read what of Ada’s: every answer that shows an administrator a word of hers is recorded, with the request it was', {
  timeout: 120_000,
}, async () => {
  const { kernel } = doors;
  const reading = doors.server.routes.filter((route) => route.method === 'GET' && !OWN_RECORD.test(lineOf(route)));
  const token = await doors.tokenOf('root', ['administrator']);
  const showing: string[] = [];
  for (const [index, route] of reading.entries()) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(known[name] ?? 'x'));
    const answer = await fetch(doors.url + path, {
      headers: { ...bearer(token), 'x-request-id': `reads-${index}` },
      signal: AbortSignal.timeout(1500),
    });
    const text = await answer.text().catch(() => '');
    if (text.includes(CANARY)) showing.push(`reads-${index} ${lineOf(route)}`);
  }
  expect(showing.length, 'the canary can be seen').toBeGreaterThan(1);
  await kernel.refusals.flush();
  const names = kernel.progress.status().map(({ view }) => view);
  await kernel.progress.waitFor(names, kernel.progress.status()[0]?.position ?? '', { timeoutMs: 5000 });
  const recorded = async (): Promise<string[]> => {
    const asked = await kernel.ask(administrator, listAudit({ person: ada.id, as: 'subject', outcome: 'read', limit: 500 }));
    return asked.ok ? asked.data.entries.filter(({ actor }) => actor === 'person_root').map(({ correlationId }) => correlationId) : [];
  };
  for (const line of showing) await expect.poll(recorded, { timeout: 10_000, message: line }).toContain(line.split(' ')[0]);
});
