import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { START } from '../../src/adapters/event-store/port.ts';
import { renameConversation, sendMessage, startConversation } from '../../src/commands/conversation.ts';
import { changeProfile, erasePerson, registerPerson } from '../../src/commands/person.ts';
import { createPersonGate } from '../../src/commands/person-gate.ts';
import { annals } from '../../src/commands/settle-active-run.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { startThread } from '../harness/chat.ts';
import { installations } from '../harness/installations.ts';
import { administrator, type Disk, person } from '../harness/memory-annals.ts';

const start = installations();
const ada = person('ada');
const bob = person('bob');

/** The whole log, in order. */
async function logOf(disk: Disk) {
  const events = [];
  const stop = new AbortController();
  for await (const batch of disk.store.tail(START, { signal: stop.signal })) {
    events.push(...batch.events);
    if (batch.caughtUp) break;
  }
  stop.abort();
  return events;
}

describe('once a person is erased', () => {
  test('no event of theirs comes after it, whatever they were telling at that moment', async () => {
    const { kernel, disk } = await start({ workers: false });
    const conversationId = await startThread(kernel, ada);
    const send = () => kernel.tell(ada, sendMessage({ conversationId, parts: [{ type: 'text', text: 'hello' }], reply: false, onActive: 'refuse' }));
    const racing = Array.from({ length: 50 }, (_, index) =>
      index === 25
        ? kernel.tell(ada, erasePerson({ person: ada.id }))
        : index % 3 === 0
          ? kernel.tell(ada, startConversation({}))
          : index % 3 === 1
            ? kernel.tell<unknown>(ada, renameConversation({ conversationId, title: `t${index}` }))
            : send(),
    );
    await Promise.all(racing);
    const told = await send();
    expect(told).toMatchObject({ ok: false, error: { code: 'PersonErased' } });
    const log = await logOf(disk);
    const end = log.findIndex(({ type }) => type === 'PersonErased');
    expect(end).toBeGreaterThan(1);
    expect(log.slice(end + 1).filter(({ metadata, stream }) => metadata.actor === ada.id && !stream.startsWith('access-'))).toEqual([]);
  });

  test('it is done once, and nothing can be done with them any more, by administrators neither', async () => {
    const { kernel } = await start({ workers: false });
    await kernel.tell(annals(ada.id), registerPerson({ person: ada.id, via: 'administrator', roles: ['member'], profile: {} }));
    expect(await kernel.tell(bob, erasePerson({ person: ada.id }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    const told = await kernel.tell(administrator, erasePerson({ person: ada.id }));
    expect(told).toMatchObject({ ok: true, result: { jobId: expect.stringMatching(/^job_/) } });
    for (const command of [erasePerson({ person: ada.id }), changeProfile({ person: ada.id, profile: { name: 'Ada' } })])
      expect(await kernel.tell<unknown>(administrator, command)).toMatchObject({ ok: false, error: { code: 'PersonErased' } });
    expect((await kernel.known.standingOf(ada.id)).disabled).toBe(true);
  });

  test('a restricted token cannot do it, and the person at the machine is told what to do instead', async () => {
    const { kernel } = await start({ workers: false });
    expect(await kernel.tell({ ...ada, scopes: ['read', 'write'] }, erasePerson({ person: ada.id }))).toMatchObject({ error: { code: 'Forbidden' } });
    const local = { id: 'person_local' as PersonId, kind: 'person', roles: ['administrator'] } as const;
    expect(await kernel.tell(local, erasePerson({ person: local.id }))).toMatchObject({ error: { code: 'LocalPerson' } });
  });
});

test('whoever must be alone is, and everybody gets through', async () => {
  const visits = fc.array(
    fc.record({ who: fc.constantFrom('a', 'b'), alone: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }), ticks: fc.nat(5) }),
    {
      maxLength: 20,
    },
  );
  await fc.assert(
    fc.asyncProperty(visits, async (all) => {
      const gate = createPersonGate();
      const inside: { persons: string[]; alone: string | undefined }[] = [];
      await Promise.all(
        all.map(async ({ who, alone, ticks }) => {
          const leave = await gate.enter([who], alone);
          const visit = { persons: alone === undefined ? [who] : [who, alone], alone };
          for (const other of inside) {
            if (alone !== undefined) expect(other.persons).not.toContain(alone);
            if (other.alone !== undefined) expect(visit.persons).not.toContain(other.alone);
          }
          inside.push(visit);
          for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
          inside.splice(inside.indexOf(visit), 1);
          leave();
        }),
      );
      expect(inside).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
