import { expect, test } from 'vitest';
import { createLoader } from '../../src/adapters/event-store/loader.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import { createFinding } from '../../src/workers/accounts/found.ts';

test('A09: the vault is asked for an address that is nobody’s as often as it would be for somebody’s: twice, and not again while it would keep the keys', async () => {
  const store = createMemoryEventStore();
  let asked = 0;
  const open = async () => {
    asked += 1;
    return '[unreadable]' as const;
  };
  const sealer = { open };
  const finding = createFinding({ store, loader: createLoader(store), sealer: sealer as never }, async () => ({ ok: true }));
  for (let turn = 0; turn < 5; turn++) expect(await finding.ofIdentity('identity of nobody')).toBeUndefined();
  expect(asked).toBe(2);
  await finding.ofIdentity('identity of nobody else');
  expect(asked).toBe(4);
});
