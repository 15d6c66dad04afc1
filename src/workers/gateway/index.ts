import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Publisher } from '../../adapters/broker/port.ts';
import type { DocumentStore } from '../../adapters/document-store/port.ts';
import type { EventStore, Position } from '../../adapters/event-store/port.ts';
import { type Shard, wholeLog } from '../shard.ts';
import { createIntake, type Intake } from './intake.ts';
import { translator } from './message.ts';
import { openPlaces, type Place, type Places, placeIn } from './place.ts';
import { portionOf } from './portion.ts';
import { createPseudonyms } from './pseudonym.ts';
import { channelsOf } from './topics.ts';

export interface GatewayParts {
  readonly store: EventStore;
  /** Where the place lies: never among the views. */
  readonly state: DocumentStore;
  readonly broker: Broker;
  /** Makes the pseudonyms, and serves nothing else: with another one, persons get others. */
  readonly secret: Uint8Array;
  readonly shard?: Shard;
  /** Begins the names of the topics, and keeps installations on one cluster apart. */
  readonly prefix?: string;
  /** `ce_source`: a URI reference that names this installation. */
  readonly source?: string;
  /** Whether this process has the lease: asked whenever a publisher is to be opened, for that fences whoever published before. */
  readonly owns?: () => Promise<boolean>;
  readonly now?: () => Date;
  readonly onProblem?: (problem: string) => void;
}

export interface GatewayStatus {
  /** `halted`: at an event that this release cannot translate; it goes on with the next start. */
  readonly state: 'stopped' | 'opening' | 'publishing' | 'halted';
  /** Everything up to here has been acknowledged; absent before the first run. */
  readonly position?: Position;
  /** How long ago the oldest event that readers do not have yet happened, in ms; 0 when they have all; absent while that is not known. */
  readonly lagMs?: number;
  /** Messages acknowledged since this process started. */
  readonly published: number;
  readonly problem?: string;
}

/** `superseded`: somebody else publishes now. */
export type GatewayEnd = 'stopped' | 'superseded' | 'halted';

export interface Gateway {
  /** Publishes what happens until the signal. What fails is tried again for ever, with pauses; rejects only for bugs. */
  run(signal: AbortSignal): Promise<GatewayEnd>;
  status(): GatewayStatus;
}

const SAVE_EVERY_MS = 200;
/** How soon a place that was set by hand is noticed while nothing happens. */
const LOOK_EVERY_MS = 1000;
const MAX_PAUSE_MS = 2000;

/**
 * Carries public events to the broker: at least once, of each stream in order, the place saved only after every replica has acknowledged what stands
 * before it. Whoever publishes begins at the saved place with everybody before it fenced, so the first time that readers meet a revision of a stream
 * is in order, whatever is repeated afterwards.
 */
export function createGateway(parts: GatewayParts): Gateway {
  const { store, state, broker, shard = wholeLog, prefix = 'annals.', source = '/annals', now = () => new Date() } = parts;
  const translate = translator({ prefix, source, pseudonym: createPseudonyms(parts.secret) });
  const name = `${prefix}gateway${shard.name}`;
  let at: Omit<GatewayStatus, 'lagMs' | 'published' | 'problem'> = { state: 'stopped' };
  let problem: string | undefined;
  let published = 0;
  let failures = 0;
  let oldest: string | undefined;
  let caughtUp = false;

  const say = (what: string | undefined): void => {
    if (what !== undefined && what !== problem) parts.onProblem?.(what);
    problem = what;
  };

  /** Reads ahead of the publisher until the signal, the end of the intake, or an event that halts. */
  const read = async (intake: Intake, { position, epoch }: Place, signal: AbortSignal): Promise<void> => {
    try {
      for await (const batch of store.tail(position, { signal })) {
        const portion = portionOf(batch, shard, (event) => translate(event, epoch));
        oldest ??= portion.since;
        caughtUp = batch.caughtUp;
        await intake.put(portion);
        if (portion.halt !== undefined || signal.aborted) return;
      }
      intake.close();
    } catch (error) {
      intake.close(error);
    }
  };

  /** Publishes what comes in until something ends it; what it answers is what becomes of the run, `again` of the session only. */
  const publish = async (publisher: Publisher, places: Places, intake: Intake, start: Place, signal: AbortSignal): Promise<GatewayEnd | 'again'> => {
    let place = start;
    let isSaved = true;
    let savedAt = performance.now();
    /** Whether it is still the place to go on from. */
    const save = async (): Promise<boolean> => {
      savedAt = performance.now();
      const stored = isSaved ? await places.read() : await places.save(place);
      isSaved = true;
      if (oldest === undefined) say(undefined);
      return (stored?.generation ?? 0) === place.generation;
    };
    try {
      while (!signal.aborted) {
        const due = savedAt + (isSaved ? LOOK_EVERY_MS : SAVE_EVERY_MS) - performance.now();
        if (due <= 0 && !(await save())) return 'again';
        const portions = await intake.take(Math.max(1, due));
        if (!portions) return 'again';
        const messages = portions.flatMap((portion) => portion.messages);
        if (messages.length > 0) {
          const answer = await publisher.publish(messages, { signal });
          if (!answer.ok) {
            say(answer.message);
            return answer.code === 'TooLarge' ? 'halted' : 'again';
          }
          published += messages.length;
          failures = 0;
          say(undefined);
        }
        const { reached } = portions.findLast((portion) => portion.reached) ?? {};
        if (reached) {
          place = { ...place, ...reached };
          isSaved = false;
          at = { state: 'publishing', position: place.position };
        }
        const halt = portions.at(-1)?.halt;
        oldest = halt?.since ?? intake.since();
        if (halt) {
          say(halt.reason);
          return 'halted';
        }
      }
      return 'stopped';
    } finally {
      if (!isSaved) await save();
    }
  };

  const session = async (signal: AbortSignal): Promise<GatewayEnd | 'again'> => {
    if ((await parts.owns?.()) === false) return 'superseded';
    at = { ...at, state: 'opening' };
    const places = await openPlaces(state, shard);
    if (!(await broker.ensureTopics(channelsOf(prefix), { signal }))) return 'stopped';
    const publisher = await broker.open(name, { signal });
    if (!publisher) return 'stopped';
    const stop = new AbortController();
    const intake = createIntake();
    let reading: Promise<void> | undefined;
    try {
      const place = await placeIn(store, places);
      at = { state: 'publishing', position: place.position };
      reading = read(intake, place, AbortSignal.any([signal, stop.signal]));
      return await publish(publisher, places, intake, place, signal);
    } finally {
      stop.abort();
      intake.close();
      await reading;
      await publisher.close();
    }
  };

  return {
    async run(signal) {
      caughtUp = false;
      while (!signal.aborted) {
        const ended = await session(signal).catch((error: unknown): 'again' => {
          say(error instanceof Error ? error.message : String(error));
          return 'again';
        });
        if (ended !== 'again') {
          at = { ...at, state: ended === 'halted' ? 'halted' : 'stopped' };
          return ended;
        }
        failures += 1;
        await sleep(Math.min(MAX_PAUSE_MS, 50 * 2 ** failures) * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
      at = { ...at, state: 'stopped' };
      return 'stopped';
    },
    status() {
      const why = problem ?? broker.problem();
      const lagMs = oldest === undefined ? (caughtUp ? 0 : undefined) : Math.max(0, now().getTime() - Date.parse(oldest));
      return { ...at, published, ...(lagMs === undefined ? {} : { lagMs }), ...(why === undefined ? {} : { problem: why }) };
    },
  };
}
