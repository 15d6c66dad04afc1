import { join } from 'node:path';
import { renewEpoch } from '../adapters/event-store/epoch.ts';
import { type EventStore, START } from '../adapters/event-store/port.ts';
import { openSqliteEventStore } from '../adapters/event-store/sqlite.ts';
import { upcasting } from '../adapters/event-store/upcast.ts';
import { vaultExists } from '../adapters/key-vault/sqlite.ts';
import { tagger } from '../commands/tagger.ts';
import { upcasters } from '../domain/upcasters.ts';
import { holdsLast } from '../projections/checkpoint.ts';
import { collectionOf } from '../projections/view.ts';
import { views } from '../projections/views/index.ts';
import { StartRefused } from './refused.ts';
import { openRebuildable } from './set-aside.ts';
import { saidOfDamage } from './views.ts';
import { requireSoundTail } from './whole.ts';

/** `secret` is the installation's. */
interface Place {
  readonly folder: string;
  readonly secret: Buffer;
}
const open = async ({ folder, secret }: Place): Promise<EventStore> => upcasting(await openSqliteEventStore({ folder }), upcasters, tagger(secret));

/** The log, once its last events are known to be what was stored, and the keys for what it holds to be there. */
export async function openLog(place: Place): Promise<EventStore> {
  const { folder } = place;
  const store = await open(place);
  try {
    if (!vaultExists(folder) && (await store.head()) !== START) {
      const vault = join(folder, 'keys.db');
      throw new StartRefused(
        `The key vault ${vault} is missing, and without it no text in the log can be read: put it back from its backup. Nothing was changed.`,
      );
    }
    await requireSoundTail(folder);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** When the views have come further than the log (an older one was put back), it begins a new epoch, so that views and reactions start over. */
export async function renewedIfOlder(place: Place, store: EventStore, say: (message: string) => void): Promise<EventStore> {
  const { folder } = place;
  const documents = await openRebuildable({ folder, name: 'views.db', readOnly: true }, (reason, aside) => say(saidOfDamage(reason, aside)));
  const epoch = await store.epoch();
  let older = false;
  for (const view of views) {
    const checkpoint = await documents.checkpoint(collectionOf(view));
    older ||= checkpoint?.epoch === epoch && !(await holdsLast(store, checkpoint));
  }
  await documents.close();
  if (!older) return store;
  await store.close();
  renewEpoch(folder);
  say('the log is older than the views: they are built anew');
  return open(place);
}
