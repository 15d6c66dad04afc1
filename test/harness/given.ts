import { expect } from 'vitest';
import type { AnyCommand, CommandValue } from '../../src/commands/command.ts';
import { type AnyDecider, isRefusal } from '../../src/domain/decider.ts';
import type { NewEvent, RecordedEvent } from '../../src/domain/event.ts';

let count = 0;
const recorded = (event: NewEvent, revision: number, subject: string): RecordedEvent =>
  ({
    ...event,
    id: `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`,
    stream: 'given-1',
    revision: BigInt(revision),
    position: String(count).padStart(20, '0'),
    data: event.secret === undefined ? event.data : { ...event.data, sealed: { k: 'k', a: 'a', c: 'c' } },
    metadata: { $correlationId: '', $causationId: '', commandId: '', commandHash: '', actor: subject, subject, time: '2026-01-01T00:00:00.000Z' },
  }) as unknown as RecordedEvent;

/** New events as a stream would give them back. */
export const recordedEvents = (events: readonly NewEvent[], subject = 'person_p'): RecordedEvent[] =>
  events.map((event, index) => recorded(event, index, subject));

/** `given(aggregate, events).when(command).then(events)` — reads as a sentence. */
export function given<State>(aggregate: AnyDecider<State>, history: readonly NewEvent[] = [], subject = 'person_p') {
  return {
    when: (value: CommandValue<unknown>) => {
      const definition: AnyCommand = value.definition;
      let state = aggregate.initialState();
      history.forEach((event, index) => {
        state = aggregate.evolve(state, recorded(event, index, subject));
      });
      let ids = 0;
      const input = definition.input.parse(value.input) as object;
      const decided = aggregate.decide({ ...input, name: definition.commandName }, state, {
        now: '2026-01-01T00:00:00.000Z',
        newId: (prefix) => `${prefix}new${ids++}`,
        actor: subject,
        stream: 'given',
        tag: (text) => `tag of ${text}`,
      });
      return {
        // biome-ignore lint/suspicious/noThenProperty: the sentence is given, when, then; nobody awaits it
        then: (events: readonly NewEvent[]) => expect(decided).toEqual(events),
        thenTypes: (...types: string[]) => expect(isRefusal(decided) ? decided : decided.map(({ type }) => type)).toEqual(types),
        refused: (code: string) => expect(isRefusal(decided) ? decided.refused.code : decided).toBe(code),
      };
    },
  };
}
