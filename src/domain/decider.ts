import type { JsonObject, NewEvent, RecordedEvent } from './event.ts';

type AnyEvent = RecordedEvent<string, object>;

/** An expected refusal: a stable code, a sentence that says what to do, and facts a door may need. */
export interface DomainError {
  readonly code: string;
  readonly message: string;
  readonly details?: JsonObject;
}

export interface Refusal {
  readonly refused: DomainError;
}

export const refuse = (code: string, message: string, details?: JsonObject): Refusal => ({
  refused: { code, message, ...(details ? { details } : {}) },
});

export const isRefusal = (value: unknown): value is Refusal => typeof value === 'object' && value !== null && 'refused' in value;

/** What a decision may use besides command and state: all of it fixed by the command, so that deciding again decides the same. */
export interface DecisionContext {
  /** ISO time of the command. */
  readonly now: string;
  /** The n-th call within one command always gives the same id. */
  readonly newId: (prefix: string) => string;
  readonly actor: string;
  /** The stream that the events are for. */
  readonly stream: string;
  /** HMAC of the text with the installation's secret: equal texts can be told without keeping them. */
  readonly tag: (text: string) => string;
}

/**
 * One aggregate. `decide` is pure; `evolve` owns the state it is handed and may change it in place, because a fold never shares its accumulator
 * (docs/adr/0003-a-fold-owns-its-state.md).
 */
export interface Decider<State, Command, Event extends AnyEvent = RecordedEvent> {
  initialState(): State;
  evolve(state: State, event: Event): State;
  decide(command: Command, state: State, context: DecisionContext): readonly NewEvent[] | Refusal;
}

export const fold = <State, Event extends AnyEvent>(
  decider: Pick<Decider<State, never, Event>, 'initialState' | 'evolve'>,
  events: Iterable<Event>,
): State => {
  let state = decider.initialState();
  for (const event of events) state = decider.evolve(state, event);
  return state;
};

/** A decider of whose commands and events only their owner knows the types. */
// biome-ignore lint/suspicious/noExplicitAny: one place where the types of commands and events are forgotten, so that generic parts can carry any aggregate
export type AnyDecider<State> = Decider<State, any, any>;
