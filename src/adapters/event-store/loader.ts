import { LRUCache } from 'lru-cache';
import type { AnyDecider } from '../../domain/decider.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import { type EventStore, type Position, START } from './port.ts';

/** What one command did to a stream: the hash of its body, and the revisions of its first and last event there. */
export interface KnownCommand {
  readonly hash: string;
  readonly first: bigint;
  readonly last: bigint;
}

export interface Loaded<State> {
  /** Belongs to the loader, which may move it on in place later: change nothing. What is decided on a state moved on conflicts at `revision`. */
  readonly state: State;
  readonly revision: bigint | 'noStream';
  /** Of the last event folded, `START` when there is none. */
  readonly position: Position;
  readonly commands: ReadonlyMap<string, KnownCommand>;
}

export type Folding<State> = Pick<AnyDecider<State>, 'initialState' | 'evolve'>;

export interface Loader {
  /** The stream's state as of now: what is cached, moved on by the events stored since. */
  load<State>(stream: string, decider: Folding<State>): Promise<Loaded<State>>;
  /** Moves the cached state over events this process has just stored; does nothing unless it stands exactly before them. */
  applied<State>(stream: string, decider: Folding<State>, events: readonly RecordedEvent[]): void;
  forget(stream: string): void;
}

interface Fold<State> {
  /** Folds what comes next, passes over what it has already. */
  readonly advance: (event: RecordedEvent) => void;
  readonly revision: () => bigint;
  readonly loaded: () => Loaded<State>;
  /** The load under way; the next one waits for it. */
  loading: Promise<unknown>;
  /** The next one, which has not read anything yet: it serves all who ask meanwhile. */
  next?: Promise<Loaded<State>> | undefined;
}

function startFold<State>(decider: Folding<State>): Fold<State> {
  const commands = new Map<string, KnownCommand>();
  let state = decider.initialState();
  let next = 0n;
  let position = START;
  return {
    advance: (event) => {
      if (event.revision !== next) return;
      state = decider.evolve(state, event);
      const { commandId, commandHash } = event.metadata;
      commands.set(commandId, { hash: commandHash, first: commands.get(commandId)?.first ?? next, last: next });
      position = event.position;
      next += 1n;
    },
    revision: () => next,
    loaded: () => ({ state, revision: next === 0n ? 'noStream' : next - 1n, position, commands }),
    loading: Promise.resolve(),
  };
}

/** Keeps the folded states of the `max` streams used last; a state belongs to the decider object that folded it. */
export function createLoader(store: Pick<EventStore, 'read'>, { max = 10_000 }: { readonly max?: number } = {}): Loader {
  const streams = new LRUCache<string, Map<object, unknown>>({ max });

  /** The map's key is the decider itself, so what is found under it holds that decider's states. */
  const cached = <State>(stream: string, decider: Folding<State>) => streams.get(stream)?.get(decider) as Fold<State> | undefined;

  function keep<State>(stream: string, decider: Folding<State>): Fold<State> {
    const fold = startFold(decider);
    const folds = streams.get(stream) ?? new Map<object, unknown>();
    folds.set(decider, fold);
    streams.set(stream, folds);
    return fold;
  }

  async function catchUp<State>(stream: string, fold: Fold<State>): Promise<Loaded<State>> {
    for await (const event of store.read(stream, { from: fold.revision() })) fold.advance(event);
    return fold.loaded();
  }

  return {
    load: async (stream, decider) => {
      const fold = cached(stream, decider) ?? keep(stream, decider);
      fold.next ??= fold.loading.then(() => {
        fold.next = undefined;
        return catchUp(stream, fold);
      });
      const loading = fold.next;
      fold.loading = loading.catch(() => {
        if (cached(stream, decider) === fold) streams.get(stream)?.delete(decider);
      });
      return loading;
    },
    applied: (stream, decider, events) => {
      const fold = cached(stream, decider);
      if (fold?.revision() !== events[0]?.revision) return;
      try {
        for (const event of events) fold?.advance(event);
      } catch (error) {
        streams.delete(stream);
        throw error;
      }
    },
    forget: (stream) => {
      streams.delete(stream);
    },
  };
}
