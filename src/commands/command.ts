import type { z } from 'zod';
import type { AnyDecider, DomainError, Refusal } from '../domain/decider.ts';
import type { JsonObject, RecordedEvent } from '../domain/event.ts';
import type { PersonId } from '../domain/ids.ts';
import type { Need } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';
import type { ShareLevel } from '../domain/share.ts';

/** A policy's answer. `notFound` hides what is not the principal's; never a promise, so that a forgotten `await` cannot pass. */
export type Decision = 'allow' | 'notFound' | DomainError;

export interface PolicyRequest<Input, State> {
  readonly principal: Principal;
  readonly input: Input;
  readonly state: State;
  /** Whose the loaded thing is, claims of anonymous persons resolved; undefined when there is no such thing. */
  readonly owner: PersonId | undefined;
  /** The permission that the command is about. */
  readonly needs?: Need | 'self' | undefined;
  /** With whom the loaded thing is shared, where that does not stand in its own state. */
  readonly shares?: ReadonlyMap<string, ShareLevel> | undefined;
}
export type Policy<Input = unknown, State = unknown> = (request: PolicyRequest<Input, State>) => Decision;

/** Adds to a command what it needs from elsewhere before it is decided, or says why it cannot be. Repeats of a stored command do without. */
export type Prepare = (principal: Principal, input: JsonObject) => Promise<JsonObject | Refusal>;

type NewId = (prefix: string) => string;

export interface CommandDefinition<Input = unknown, State = unknown, Result = unknown, Judged = State> {
  /** Makes the command's value, ready for `tell`; the input is parsed there. */
  (input: Input): CommandValue<Result>;
  readonly commandName: string;
  readonly input: z.ZodType<Input>;
  readonly stream: (input: Input, principal: Principal, newId: NewId) => string;
  /** A run's command is judged by its conversation: the stream and aggregate the policy sees instead of the command's own. */
  readonly within?: { readonly stream: (input: Input, principal: Principal) => string; readonly aggregate: AnyDecider<Judged> };
  readonly policy: Policy<Input, Judged>;
  /** The permission that the policy asks for; `self`: none, for it is about oneself. Without one only roles with every right to their own may tell it. */
  readonly needs?: Need | 'self';
  /** Of a thing whose shares have a stream of their own: its id. */
  readonly sharedAs?: (input: Input) => string;
  readonly aggregate: AnyDecider<State>;
  /** Whose data an event is, by its type. Default: the owner of what was loaded, else the person who acts or is acted for. */
  readonly subject?: (input: Input, principal: Principal, owner: PersonId | undefined, type: string) => PersonId;
  /** The person whose account it ends: it waits for commands of that person that are under way, and none is accepted after it. */
  readonly closes?: (input: Input) => PersonId;
  /** Whether it has a model called: not for somebody who has had the processing of its data restricted. */
  readonly callsModel?: (input: Input) => boolean;
  /** The first result and that of every repeat: computed from the events alone. */
  readonly result: (events: readonly RecordedEvent[], input: Input) => Result;
  /** By code of a refusal: removes its cause through other commands; `true` means decide again. */
  readonly onRefusal?: Readonly<Record<string, (repair: Repair<Input>) => Promise<boolean>>>;
}

export interface Repair<Input> {
  readonly tell: Tell;
  readonly load: <State>(stream: string, aggregate: AnyDecider<State>) => Promise<State>;
  readonly principal: Principal;
  readonly input: Input;
  readonly error: DomainError;
}

/** A command, with the definition it was made by. `Result` is what a success answers. */
export interface CommandValue<Result> {
  readonly definition: AnyCommand;
  readonly input: unknown;
  readonly __result?: Result;
}

// biome-ignore lint/suspicious/noExplicitAny: definitions of every input and state pass through the dispatcher and the doors
export type AnyCommand = CommandDefinition<any, any, any, any>;

export interface TellOptions {
  /** Fixes the command: equal ids are one command. */
  readonly commandId?: string;
  /** The caller's own idempotency key, from which the command id is made. */
  readonly key?: string;
  /** Refused with `RevisionMismatch` unless the stream stands there. */
  readonly ifRevision?: bigint;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly signal?: AbortSignal;
}

export type Told<Result> =
  | {
      readonly ok: true;
      readonly id: string;
      readonly result: Result;
      readonly revision: bigint;
      readonly position: string;
      readonly duplicate: boolean;
    }
  | { readonly ok: false; readonly error: DomainError };

export type Tell = <Result>(principal: Principal, command: CommandValue<Result>, options?: TellOptions) => Promise<Told<Result>>;

type Declaration<Input, State, Result, Judged> = Omit<CommandDefinition<Input, State, Result, Judged>, 'commandName' | 'result'> & {
  readonly result?: (events: readonly RecordedEvent[], input: Input) => Result;
};

/** What the first event of a command that always has one says; a command's schema has checked it. */
export const firstDataOf = <Data>(events: readonly RecordedEvent[]): Data => events[0]?.data as Data;

/** Declares a command: what it takes, whose stream it writes, who may. */
export function command<Input, State, Result = Record<string, never>, Judged = State>(
  name: string,
  declaration: Declaration<Input, State, Result, Judged>,
): CommandDefinition<Input, State, Result, Judged> {
  const definition = (input: Input): CommandValue<Result> => ({ definition: made, input });
  const made: CommandDefinition<Input, State, Result, Judged> = Object.assign(definition, {
    commandName: name,
    result: () => ({}) as Result,
    ...declaration,
  });
  return made;
}
