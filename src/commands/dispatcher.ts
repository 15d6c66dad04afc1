import { v4, v5 } from 'uuid';
import type { Loader } from '../adapters/event-store/loader.ts';
import { resolveOwner } from '../adapters/event-store/owner.ts';
import type { AppendResult, EventStore, EventToAppend } from '../adapters/event-store/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import { type DomainError, isRefusal, type Refusal } from '../domain/decider.ts';
import type { JsonObject, NewEvent, RecordedEvent } from '../domain/event.ts';
import type { PersonId } from '../domain/ids.ts';
import { mayDo, type Principal } from '../domain/principal.ts';
import { resourceShares, shareStream } from '../domain/resource-share.ts';
import type { AnyCommand, CommandValue, Decision, Prepare, Repair, Tell, TellOptions, Told } from './command.ts';
import { hide } from './hidden.ts';
import { createPersonGate } from './person-gate.ts';
import type { Refusals } from './refusals.ts';
import { whyNot } from './standing.ts';
import { tagger } from './tagger.ts';

export interface DispatcherParts {
  readonly store: EventStore;
  readonly loader: Loader;
  readonly sealer: Sealer;
  /** The installation's secret, from which command ids and hashes are made. */
  readonly secret: Buffer;
  readonly now: () => Date;
  readonly refusals: Refusals;
  /** Commands that this installation does not want, by name. */
  readonly switchedOff?: ReadonlySet<string>;
  /** By name of the command. */
  readonly prepare?: Readonly<Record<string, Prepare>>;
}

const readOnly: DomainError = { code: 'Forbidden', message: 'This token, or this role, may only read.' };
const switchedOff: DomainError = { code: 'Forbidden', message: 'This has been switched off here.' };
const ATTEMPTS = 8;
const COMMAND_NAMESPACE = 'b2f1c1a4-6f0e-4b8e-9d6a-3f0a5d9b7c11';

/** The kernel's first verb: parse, load, known?, policy, decide, append. */
export function createTell(parts: DispatcherParts): Tell {
  const { store, loader, sealer, refusals } = parts;
  const hmac = tagger(parts.secret);
  const queues = new Map<string, Promise<unknown>>();
  const gate = createPersonGate();

  const seal = async (
    stream: string,
    commandId: string,
    events: readonly NewEvent[],
    metadataOf: (type: string) => EventToAppend['metadata'],
  ): Promise<EventToAppend[]> =>
    Promise.all(
      events.map(async ({ type, version, data, secret: content, hidden, at }, index) => {
        const id = v5(String(index), commandId);
        const ofCommand = metadataOf(type);
        const metadata = at === undefined ? ofCommand : { ...ofCommand, time: at };
        if (content === undefined) return { id, type, version, data: data as JsonObject, metadata };
        const { subject } = metadata;
        const stored = hidden ? await hide(sealer, { subject, eventId: id }, content as JsonObject, hidden) : (content as JsonObject);
        const sealedContent = await sealer.seal({ subject, scope: scopeOf(stream, data) }, id, stored);
        return { id, type, version, data: { ...data, sealed: { ...sealedContent } } as JsonObject, metadata };
      }),
    );

  const known = async (
    definition: AnyCommand,
    input: unknown,
    stream: string,
    commandId: string,
    { first, last }: { first: bigint; last: bigint },
  ): Promise<Told<unknown>> => {
    const events: RecordedEvent[] = [];
    for await (const event of store.read(stream, { from: first, max: Number(last - first) + 1 })) events.push(event);
    const position = events.at(-1)?.position ?? '';
    return { ok: true, id: commandId, result: definition.result(events, input), revision: last, position, duplicate: true };
  };

  const attempt = async (
    definition: AnyCommand,
    input: JsonObject,
    principal: Principal,
    fixed: Fixed,
    options: TellOptions,
  ): Promise<Told<unknown> | 'again' | Repairing> => {
    const { commandId, hash, stream, now, newId } = fixed;
    const prepared = await fixed.prepared();
    const [loaded, barred] = await Promise.all([loader.load(stream, definition.aggregate), whyNot(loader, principal, definition, input)]);
    const judged = definition.within
      ? (await loader.load(definition.within.stream(input, principal), definition.within.aggregate)).state
      : loaded.state;
    const owner = await resolveOwner(loader, judged);
    const shares = definition.sharedAs && (await loader.load(shareStream(definition.sharedAs(input)), resourceShares)).state.shares;
    const subjectOf = (type: string): PersonId =>
      definition.subject?.(input, principal, owner, type) ?? owner ?? principal.onBehalfOf ?? principal.id;
    const bar = barred?.(subjectOf(''));
    if (bar) return { ok: false, error: bar };
    // Nothing is awaited from here to the decision: a state that moved on meanwhile knows this command if it was stored, and any other append conflicts.
    const before = loaded.commands.get(commandId);
    if (before)
      return before.hash === hash
        ? known(definition, input, stream, commandId, before)
        : failed('IdempotencyMismatch', 'This idempotency key was used with another body before: use a new key.');
    if (parts.switchedOff?.has(definition.commandName)) return { ok: false, error: switchedOff };
    const decision = mayDo('write', principal)
      ? definition.policy({ principal, input, state: judged, owner, needs: definition.needs, shares })
      : readOnly;
    if (decision !== 'allow') return { ok: false, error: isDomainError(decision) ? decision : notFound };
    if (options.ifRevision !== undefined && loaded.revision !== options.ifRevision) {
      return failed('RevisionMismatch', 'It has changed since you read it: read it again.', {
        actual: loaded.revision === 'noStream' ? null : String(loaded.revision),
      });
    }
    if (isRefusal(prepared)) return { ok: false, error: prepared.refused };
    const decided = definition.aggregate.decide({ ...prepared, name: definition.commandName }, loaded.state, {
      now,
      newId: newId(),
      actor: principal.id,
      stream,
      tag: hmac,
    });
    if (isRefusal(decided)) {
      const repair = definition.onRefusal?.[decided.refused.code];
      return repair ? { repair, error: decided.refused } : { ok: false, error: decided.refused };
    }
    if (decided.length === 0) {
      const revision = loaded.revision === 'noStream' ? -1n : loaded.revision;
      return { ok: true, id: commandId, result: definition.result([], input), revision, position: loaded.position, duplicate: false };
    }
    const metadataOf = (type: string): EventToAppend['metadata'] => ({
      $correlationId: options.correlationId ?? commandId,
      $causationId: options.causationId ?? commandId,
      commandId,
      commandHash: hash,
      actor: principal.id,
      subject: subjectOf(type),
      time: now,
      ...(options.traceparent ? { traceparent: options.traceparent } : {}),
    });
    const events = await seal(stream, commandId, decided, metadataOf);
    const appended = await store.append(stream, events, loaded.revision, options.signal ? { signal: options.signal } : {});
    if (!appended.ok) {
      if (appended.code === 'WrongExpectedRevision') return 'again';
      loader.forget(stream);
      return { ok: false, error: storeError(appended) };
    }
    const { revision, position, duplicate } = appended;
    const recorded = events.map(
      (event, index): RecordedEvent => ({ ...event, stream, revision: revision - BigInt(events.length - 1 - index), position }),
    );
    loader.applied(stream, definition.aggregate, recorded);
    return { ok: true, id: commandId, result: definition.result(recorded, input), revision, position, duplicate };
  };

  /** Whoever ends an account waits for what that person is telling. */
  const throughGate = async <Result>(definition: AnyCommand, input: unknown, principal: Principal, work: () => Promise<Result>): Promise<Result> => {
    const leave = await gate.enter(principal.kind === 'service' ? [] : [principal.id], definition.closes?.(input));
    return work().finally(leave);
  };

  const loadState: Repair<JsonObject>['load'] = async (stream, aggregate) => (await loader.load(stream, aggregate)).state;

  const tell = async <Result>(
    principal: Principal,
    { definition, input: raw }: CommandValue<Result>,
    options: TellOptions = {},
  ): Promise<Told<Result>> => {
    const parsed = definition.input.safeParse(raw);
    if (!parsed.success) return failed('InvalidInput', describeIssues(parsed.error.issues), { command: definition.commandName });
    const input = parsed.data as JsonObject;
    const target = definition.stream(input, principal, (prefix) => `${prefix}new`);
    const commandId =
      options.commandId ??
      (options.key === undefined ? v4() : v5(hmac([principal.id, definition.commandName, target, options.key]), COMMAND_NAMESPACE));
    const stream = definition.stream(input, principal, newIdOf(commandId)());
    const prepare = parts.prepare?.[definition.commandName];
    let ready: Promise<JsonObject | Refusal> | undefined;
    const prepared = (): Promise<JsonObject | Refusal> => {
      ready ??= prepare === undefined ? Promise.resolve(input) : prepare(principal, input);
      return ready;
    };
    const fixed: Fixed = { commandId, stream, hash: hmac(input), now: parts.now().toISOString(), newId: newIdOf(commandId), prepared };
    const told = await decideUntilStored(async () => {
      const outcome = await inTurn(queues, stream, () =>
        throughGate(definition, input, principal, () => attempt(definition, input, principal, fixed, options)),
      );
      if (outcome === 'again' || 'ok' in outcome) return outcome;
      const repaired = await outcome.repair({ tell, load: loadState, principal, input, error: outcome.error });
      return repaired ? 'again' : { ok: false, error: outcome.error };
    });
    if (!told.ok)
      refusals.record(principal, { verb: 'tell', what: definition.commandName, code: told.error.code, target: stream }, options.correlationId);
    return told as Told<Result>;
  };
  return tell;
}

/** A refusal whose cause other commands can remove; they run outside the stream's queue, because they may write the same stream. */
interface Repairing {
  readonly repair: (repair: Repair<JsonObject>) => Promise<boolean>;
  readonly error: DomainError;
}

async function decideUntilStored(attempt: () => Promise<Told<unknown> | 'again'>): Promise<Told<unknown>> {
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    const outcome = await attempt();
    if (outcome !== 'again') return outcome;
  }
  return failed('Conflict', 'Others are changing this at the same time: try again.');
}

interface Fixed {
  readonly commandId: string;
  readonly stream: string;
  readonly hash: string;
  readonly now: string;
  readonly newId: () => (prefix: string) => string;
  /** The input with what was looked up for it, once for all attempts. */
  readonly prepared: () => Promise<JsonObject | Refusal>;
}

export const notFound: DomainError = { code: 'NotFound', message: 'There is no such thing here, or it is not yours.' };

/** Whatever else a policy answers by mistake denies. */
const isDomainError = (decision: Decision): decision is DomainError => typeof decision === 'object' && decision !== null && 'code' in decision;

const failed = (code: string, message: string, details?: JsonObject): { ok: false; error: DomainError } => ({
  ok: false,
  error: details ? { code, message, details } : { code, message },
});

/** The n-th id of a command is always the same. */
const newIdOf = (commandId: string) => () => {
  let count = 0;
  return (prefix: string) => prefix + v5(`id ${count++}`, commandId).replaceAll('-', '');
};

/** A run's, a file's or a conversation's events share the keys of their conversation; everything else has keys of its own stream. */
export function scopeOf(stream: string, data: object): string {
  if ('conversationId' in data && typeof data.conversationId === 'string') return data.conversationId;
  // Each prompt of a shelf has a key of its own, so that it can be forgotten alone.
  if ('promptId' in data && typeof data.promptId === 'string') return data.promptId;
  return stream.startsWith('conversation-') ? stream.slice('conversation-'.length) : stream;
}

function storeError(failure: Extract<AppendResult, { ok: false; code: 'TooLarge' | 'StoreUnavailable' | 'OutcomeUnknown' }>): DomainError {
  const message = failure.code === 'OutcomeUnknown' ? 'Stored or not, we could not find out: repeat the request with the same key.' : failure.message;
  return { code: failure.code, message };
}

export const describeIssues = (issues: readonly { path: readonly PropertyKey[]; message: string }[]): string =>
  issues.map(({ path, message }) => (path.length ? `${path.map(String).join('.')}: ${message}` : message)).join('; ');

/** Work on one key waits for the work before it. */
async function inTurn<Result>(queues: Map<string, Promise<unknown>>, key: string, work: () => Promise<Result>): Promise<Result> {
  const before = queues.get(key);
  const turn = before === undefined ? work() : before.then(work, work);
  queues.set(key, turn);
  try {
    return await turn;
  } finally {
    if (queues.get(key) === turn) queues.delete(key);
  }
}
