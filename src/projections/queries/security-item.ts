import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened } from '../../domain/event.ts';
import type { Principal } from '../../domain/principal.ts';
import type { QueryContext } from '../query.ts';
import type { SecurityDoc } from '../views/security.ts';
import { administratorsOnly } from './policy.ts';

const Details = z.object({ range: z.string(), about: z.string() });

export type SecurityItem = Omit<SecurityDoc, 'details' | 'stream'> & {
  readonly eventId: string;
  readonly position: string;
  /** The network itself, for administrators. */
  readonly range?: string;
  /** What it was about, for administrators. */
  readonly about?: string;
};

/** An auditor sees the pseudonym of a network; an administrator, who may have to shut it out, the network. */
export async function securityItem(
  { id, position, doc: { details, stream: _stream, ...doc } }: StoredDocument<SecurityDoc>,
  principal: Principal,
  open: QueryContext['open'],
): Promise<SecurityItem> {
  const item = { eventId: id, position, ...doc };
  if (details === null || administratorsOnly({ principal, input: undefined }) !== 'allow') return item;
  const opened = await open(details, id);
  return { ...item, ...(isUnopened(opened) ? { range: opened, about: opened } : Details.parse(opened)) };
}
