import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { JsonObject, Opened } from '../domain/event.ts';

/** Where a hidden text stands. Its ciphertext opens nowhere else. */
export interface HiddenPlace {
  readonly subject: string;
  readonly eventId: string;
  readonly field: string;
}

/** The keys of an event's hidden texts, apart from all others: destroying them leaves the rest of the event as it is. */
export const hiddenScope = (eventId: string): string => `hidden-${eventId}`;

const associated = ({ subject, eventId, field }: HiddenPlace): string => JSON.stringify([subject, eventId, field]);

/** The content with the named texts encrypted, each as a text that no reader takes for something sealed: so nobody opens it by the way. */
export async function hide(
  sealer: Pick<Sealer, 'seal'>,
  { subject, eventId }: Omit<HiddenPlace, 'field'>,
  content: JsonObject,
  fields: readonly string[],
): Promise<JsonObject> {
  const hidden = fields.map(async (field) => {
    const { k, c = '' } = await sealer.seal({ subject, scope: hiddenScope(eventId) }, associated({ subject, eventId, field }), content[field] ?? '');
    return [field, `${k}.${c}`] as const;
  });
  return { ...content, ...Object.fromEntries(await Promise.all(hidden)) };
}

/** The text itself, for whoever uses it; never for an answer. */
export async function reveal(sealer: Pick<Sealer, 'open'>, place: HiddenPlace, hidden: string): Promise<Opened<string>> {
  const [k = '', c = ''] = hidden.split('.');
  const opened = await sealer.open({ k, a: associated(place), c });
  return typeof opened === 'string' ? opened : '[unreadable]';
}
