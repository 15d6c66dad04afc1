import { createHmac, createSecretKey } from 'node:crypto';
import { v4 } from 'uuid';
import type { EventStore, EventToAppend } from '../adapters/event-store/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import { accessStream, VISITORS } from '../domain/access.ts';
import type { JsonObject } from '../domain/event.ts';
import type { PersonId } from '../domain/ids.ts';
import { networkOf } from '../domain/network.ts';
import { type SecurityKind, SecurityNoted } from '../domain/security.ts';
import { coalescing } from './coalescing.ts';

export interface SecurityNote {
  readonly kind: SecurityKind;
  /** Where: a route as the document names it (`POST /users/`), or the name of a worker. */
  readonly door: string;
  /** A code that says why, where there is more than one reason: `WrongPassword`. Never a sentence. */
  readonly reason?: string;
  /** Who did it, once that is certain; absent for a stranger. */
  readonly actor?: PersonId | undefined;
  /** Whose account or data it is about; default: the actor's. */
  readonly subject?: PersonId | undefined;
  /** The id of what it is about. What does not look like an id is left out. */
  readonly target?: string | undefined;
  /** Instead of a target: what a stranger called itself (an e-mail address). Only a pseudonym of it is kept. */
  readonly account?: string | undefined;
  /** Of the client; doors have it from `noteOf`. Only its network is kept, sealed, and a pseudonym of that. */
  readonly address?: string | undefined;
  /** For administrators only, sealed: the name of a host, say. Never a whole address with its search, and nothing secret. */
  readonly about?: string | undefined;
  /** The request's id. */
  readonly correlationId?: string | undefined;
}

export interface SecurityLog {
  /** Notes it, the same within a minute once and then as a count. Returns at once; what cannot be stored fails no request. */
  record(note: SecurityNote): void;
  /** Writes what is still counted; call it once a minute and before the end. */
  flush(): Promise<void>;
}

export interface SecurityLogParts {
  readonly store: EventStore;
  readonly sealer: Pick<Sealer, 'seal'>;
  /** The installation's secret, which pseudonyms are made with. */
  readonly secret: Uint8Array;
  readonly now: () => Date;
  readonly log: (message: string) => void;
}

/** Notes each address that is not called, whoever named it. */
export const recordBlocked =
  (security: Pick<SecurityLog, 'record'>, door: string) =>
  ({ host, reason }: { host: string; reason: string }): void =>
    security.record({ kind: 'address-blocked', door, reason: `Blocked-${reason.replaceAll(' ', '-')}`, about: host });

/** So many different notes a minute are told one by one; above that they are only counted, by kind. */
const MOST_A_MINUTE = 600;
const ID = /^[A-Za-z0-9][\w.:/-]{0,199}$/;
const CODE = /^[A-Za-z][\w-]{0,63}$/;
const MOST_ABOUT = 255;

/** Appends go to `access-<person>-<day>` with `any`: its readers drop repeats by id. */
export function createSecurityLog({ store, sealer, secret, now, log }: SecurityLogParts): SecurityLog {
  const key = createSecretKey(secret);
  let writing: Promise<unknown> = Promise.resolve();
  let said: string | undefined;
  let left = new Map<SecurityKind, number>();

  /** The same for one day, so that nobody can be followed for longer by it. */
  const pseudonym = (of: 'net' | 'account', text: string): string => {
    const day = now().toISOString().slice(0, 10);
    const mac = createHmac('sha256', key)
      .update(JSON.stringify(['security', of, day, text]))
      .digest('base64url');
    return `${of}_${mac.slice(0, 22)}`;
  };

  const append = async (kept: Kept, count: number, time: string): Promise<void> => {
    const { actor, subject, correlationId, range, about, ...data } = kept;
    const id = v4();
    const stream = accessStream(actor, time.slice(0, 10));
    const made = SecurityNoted({ ...data, count, range, about });
    const sealed = await sealer.seal({ subject, scope: stream }, id, made.secret as JsonObject);
    const metadata = { $correlationId: correlationId ?? id, $causationId: id, commandId: id, commandHash: '', actor, subject, time };
    const event: EventToAppend = {
      id,
      type: made.type,
      version: made.version,
      data: { ...made.data, sealed: { ...sealed } } as JsonObject,
      metadata,
    };
    await store.append(stream, [event], 'any');
  };
  const write = (kept: Kept, count: number): void => {
    const time = now().toISOString();
    writing = writing
      .then(() => append(kept, count, time))
      .then(
        () => (said = undefined),
        (error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          if (why !== said) log(`a security event could not be stored: ${why}`);
          said = why;
        },
      );
  };

  const notes = coalescing<Kept>({ now, write, most: MOST_A_MINUTE });
  const keep = ({
    kind,
    door,
    reason = '',
    actor = VISITORS,
    subject = actor,
    account,
    address,
    about = '',
    correlationId,
    ...note
  }: SecurityNote) => {
    const range = networkOf(address) ?? '';
    const target = account === undefined ? (note.target ?? '') : pseudonym('account', account.trim().toLowerCase());
    return {
      kind,
      door: oneLine(door),
      reason: CODE.test(reason) ? reason : '',
      target: ID.test(target) ? target : '',
      network: range === '' ? '' : pseudonym('net', range),
      actor,
      subject,
      range,
      about: oneLine(about),
      correlationId,
    };
  };

  return {
    record(note) {
      const kept = keep(note);
      const { correlationId: _, ...same } = kept;
      if (!notes.add(JSON.stringify(same), kept)) left.set(note.kind, (left.get(note.kind) ?? 0) + 1);
    },
    async flush() {
      notes.flush(0);
      const uncounted = left;
      left = new Map();
      for (const [kind, count] of uncounted) write(keep({ kind: 'others', door: '', reason: kind }), count);
      await writing;
    },
  };
}

type Kept = Omit<Required<SecurityNote>, 'account' | 'address' | 'actor' | 'subject' | 'correlationId' | 'target'> & {
  readonly target: string;
  readonly actor: PersonId;
  readonly subject: PersonId;
  readonly network: string;
  readonly range: string;
  readonly correlationId: string | undefined;
};

const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').slice(0, MOST_ABOUT);
