import { randomUUID } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { z } from 'zod';
import { arrivals } from './arrivals.ts';
import { type Connection, createConnection } from './connection.ts';
import { reasonOf, Silence, typeOf } from './failures.ts';
import { EVENT_STREAMS, META } from './stored.ts';

/** One sentence on one thing: what is so, and what to do where something is wrong. */
export interface EventStoreFinding {
  readonly level: 'fine' | 'warning' | 'problem';
  readonly message: string;
}

const STREAM = `${META}doctor`;
/** How far the clocks may be apart: an append carries the time by which it has to be stored. */
const CLOCKS_APART_MS = 2000;
const Features = z.object({ serverVersion: z.string() });

/**
 * Looks whether Annals can work with this event store: whether it answers, what version it is, whether we may append, read, and read and subscribe to
 * `$all`. Leaves one event in a stream of its own, which no tail shows. Never rejects; gives up on a silent server after `timeoutMs` for each question.
 */
export async function checkEventStore(
  url: string,
  { timeoutMs = 5000 }: { readonly timeoutMs?: number } = {},
): Promise<readonly EventStoreFinding[]> {
  const findings: EventStoreFinding[] = [];
  const found = (level: EventStoreFinding['level'], message: string) => findings.push({ level, message });
  const connected = await createConnection(url).catch((error: unknown) => void found('problem', reasonOf(error)));
  if (!connected) return findings;
  const inTime = <Result>(work: Promise<Result>) => within(timeoutMs, work);
  try {
    if (/[?&]tls=false/i.test(url) && userOf(url)) {
      found(
        'warning',
        'Without TLS the event store is told neither user nor password: leave them out of the connection string, or remove tls=false.',
      );
    }
    const version = await inTime(versionOf(connected.client())).catch((error: unknown) => void found('problem', whyUnreachable(url, error)));
    if (version === undefined) return findings;
    for (const { level, message } of onVersion(version)) found(level, message);
    for (const { what, right, ask } of questions) {
      const answer = await inTime(ask(connected, timeoutMs)).catch(
        (error: unknown) => ({ level: 'problem', message: whyNot(url, what, right, error) }) as const,
      );
      found(answer.level, answer.message);
    }
    return findings;
  } finally {
    connected.close();
  }
}

/** The client does not say it to its users. */
async function versionOf(client: EventStoreDBClient): Promise<string> {
  return Features.parse(await Reflect.get(client, 'capabilities')).serverVersion;
}

function onVersion(version: string): EventStoreFinding[] {
  const [, year, month] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (!year || !month) {
    return [
      {
        level: 'warning',
        message: 'The event store does not tell its version, so it is older than 21.10: Annals is slow with it, upgrade it to 24.10.',
      },
    ];
  }
  const number = Number(year) * 100 + Number(month);
  if (number >= 2206) return [{ level: 'fine', message: `The event store answers, its version is ${version}.` }];
  const message = `The event store is version ${version}, which does not tell the positions of events in streams: upgrade it to 22.10 or later.`;
  return [{ level: 'warning', message }];
}

interface Question {
  readonly what: string;
  /** What the user lacks when it is refused. */
  readonly right: (user: string) => string;
  readonly ask: (connection: Connection, timeoutMs: number) => Promise<EventStoreFinding>;
}

const streamRight = (user: string) => `let ${user} read and write streams ($userStreamAcl in the stream $settings)`;
const allRight = (user: string) =>
  `by default only administrators may: add ${user} to $admins, or as an administrator write {"$acl":{"$r":["$admins","${user}"]}} as metadata of the stream $all`;

const questions: readonly Question[] = [
  { what: 'append events', right: streamRight, ask: append },
  { what: 'read a stream', right: streamRight, ask: readBack },
  { what: 'read $all', right: allRight, ask: readAll },
  { what: 'subscribe to $all', right: allRight, ask: subscribe },
];

const fine = (message: string): EventStoreFinding => ({ level: 'fine', message });

async function append({ client, library }: Connection): Promise<EventStoreFinding> {
  const event = library.jsonEvent({ id: randomUUID(), type: 'DoctorCalled', data: { at: new Date().toISOString() } });
  await client().appendToStream(STREAM, event, { expectedRevision: library.ANY });
  return fine('Events can be appended.');
}

async function readBack({ client, library }: Connection, timeoutMs: number): Promise<EventStoreFinding> {
  const reading = client().readStream(STREAM, { direction: library.BACKWARDS, fromRevision: library.END, maxCount: 1 });
  for await (const [last] of arrivals(reading, { quietMs: timeoutMs, signal: AbortSignal.timeout(timeoutMs) })) {
    const written = z.object({ at: z.iso.datetime() }).safeParse(last?.event?.data);
    const apart = last?.event && written.success ? last.event.created.getTime() - Date.parse(written.data.at) : 0;
    if (Math.abs(apart) <= CLOCKS_APART_MS) return fine('Streams can be read.');
    const direction = apart > 0 ? 'ahead of' : 'behind';
    const message = `The event store’s clock is ${Math.round(Math.abs(apart) / 1000)} s ${direction} this machine’s: set both by NTP, or appends time out.`;
    return { level: 'warning', message };
  }
  throw new Silence(`nothing came for ${timeoutMs} ms`);
}

async function readAll({ client, library }: Connection, timeoutMs: number): Promise<EventStoreFinding> {
  const reading = client().readAll({ direction: library.BACKWARDS, fromPosition: library.END, maxCount: 1 });
  for await (const arrived of arrivals(reading, { quietMs: timeoutMs, signal: AbortSignal.timeout(timeoutMs) })) {
    if (arrived.length > 0) return fine('All streams can be read.');
  }
  throw new Silence(`nothing came for ${timeoutMs} ms`);
}

async function subscribe({ client, library }: Connection): Promise<EventStoreFinding> {
  const subscription = client().subscribeToAll({ fromPosition: library.END, filter: library.streamNameFilter({ regex: EVENT_STREAMS }) });
  const { promise, resolve, reject } = Promise.withResolvers<EventStoreFinding>();
  subscription.on('confirmation', () => resolve(fine('All streams can be subscribed to.')));
  subscription.on('error', reject);
  subscription.resume();
  return promise.finally(() => void subscription.unsubscribe().catch(() => undefined));
}

function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const timer = setTimeout(() => reject(new Silence(`no answer within ${ms} ms`)), ms);
  work.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}

const userOf = (url: string): string | undefined => /\/\/([^:/@]+):[^@/]*@/.exec(url)?.[1];
const hostsOf = (url: string): string =>
  url
    .replace(/^.*?:\/\//, '')
    .replace(/^[^@]*@/, '')
    .replace(/[/?].*$/, '');

function whyUnreachable(url: string, error: unknown): string {
  const reason = reasonOf(error);
  const at = `at ${hostsOf(url)}`;
  if (typeOf(error) === 'access-denied') return whyNot(url, 'connect', streamRight, error);
  if (/ENOTFOUND|EAI_AGAIN|Name resolution/.test(reason))
    return `The name of the event store ${at} is not known here: correct the host in the connection string.`;
  if (/certificate|self.signed|SSL|TLS|EPROTO/i.test(reason)) {
    return `No safe connection to the event store ${at} (${reason}): give its authority’s certificate as tlsCAFile in the connection string, or tls=false if it speaks without TLS.`;
  }
  if (/ECONNREFUSED|discover/i.test(reason)) return `No event store listens ${at} (${reason}): start it, or correct the connection string.`;
  return `The event store ${at} does not answer (${reason}): see that it runs, and that tls in the connection string is what it speaks.`;
}

function whyNot(url: string, what: string, right: Question['right'], error: unknown): string {
  if (typeOf(error) !== 'access-denied') return `It was not possible to ${what} (${reasonOf(error)}): look into the event store’s log.`;
  const user = userOf(url);
  if (user === undefined) return `The event store lets nobody ${what} without a login: put user and password into the connection string.`;
  return `The event store does not let ${user} ${what}: correct the password, or ${right(user)}.`;
}
