import type { Loader } from '../../adapters/event-store/loader.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { PasswordHashes } from '../../adapters/password-hash/port.ts';
import type { Tell } from '../../commands/command.ts';
import { reveal } from '../../commands/hidden.ts';
import type { DomainError } from '../../domain/decider.ts';
import { isUnopened, type Sealed } from '../../domain/event.ts';
import type { EventPlace } from '../../domain/invitation.ts';
import type { Attempting } from './attempting.ts';
import type { Links } from './links.ts';
import type { Names } from './names.ts';

/** What everything about accounts is made of. */
export interface AccountParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly hashes: PasswordHashes;
  readonly links: Links;
  readonly names: Names;
  readonly attempting: Attempting;
}

export type Outcome<Fields = unknown> = ({ readonly ok: true } & Fields) | { readonly ok: false; readonly error: DomainError };

export const failed = (code: string, message: string): { readonly ok: false; readonly error: DomainError } => ({
  ok: false,
  error: { code, message },
});

/** The texts in the sealed part of the event at that place, those that are hidden too; undefined when one of them does not open any more. */
export async function textsAt(
  { store, sealer }: Pick<AccountParts, 'store' | 'sealer'>,
  stream: string,
  { eventId, revision }: EventPlace,
  hidden: readonly string[] = [],
): Promise<Readonly<Record<string, string>> | undefined> {
  for await (const { id, data, metadata } of store.read(stream, { from: revision, max: 1 })) {
    if (id !== eventId) return undefined;
    const opened = await sealer.open(data.sealed as unknown as Sealed, eventId);
    if (isUnopened(opened)) return undefined;
    const texts = { ...(opened as Record<string, string>) };
    for (const field of hidden) {
      const text = await reveal(sealer, { subject: metadata.subject, eventId, field }, texts[field] ?? '');
      if (isUnopened(text)) return undefined;
      texts[field] = text;
    }
    return texts;
  }
  return undefined;
}
