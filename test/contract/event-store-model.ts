import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { EventStore, EventToAppend, Expected, Position } from '../../src/adapters/event-store/port.ts';
import { collect, eventToAppend, tailUntil } from './event-store-samples.ts';

interface ModelEvent {
  readonly id: string;
  readonly position: Position;
}

interface Appended {
  readonly stream: number;
  readonly events: readonly EventToAppend[];
  readonly expected: Expected;
  readonly revision: bigint;
  readonly position: Position;
}

interface Model {
  readonly streams: readonly (readonly ModelEvent[])[];
  readonly appended: readonly Appended[];
}

interface Real {
  readonly store: EventStore;
  readonly nameOf: (stream: number) => string;
  readonly start: Position;
}

type Mutable = { streams: ModelEvent[][]; appended: Appended[] };
type Command = fc.AsyncCommand<Mutable, Real>;
type Expectation = 'noStream' | 'any' | 'right' | 'behind' | 'ahead';

const STREAMS = 3;
const streamOf = (model: Model, stream: number): readonly ModelEvent[] => model.streams[stream] ?? [];

function expectedOf(kind: Expectation, length: number): Expected {
  switch (kind) {
    case 'noStream':
    case 'any':
      return kind;
    case 'right':
      return length === 0 ? 'noStream' : BigInt(length - 1);
    case 'behind':
      return length < 2 ? 'noStream' : BigInt(length - 2);
    case 'ahead':
      return BigInt(length);
    default:
      return kind satisfies never;
  }
}

/** Takes an append over into the model, with the positions that the store gave. */
async function record(model: Mutable, { store, nameOf }: Real, stream: number, events: readonly EventToAppend[], expected: Expected): Promise<void> {
  const own = model.streams[stream] ?? [];
  const read = await collect(store.read(nameOf(stream), { from: BigInt(own.length) }));
  expect(read.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  own.push(...read.map(({ id, position }) => ({ id, position })));
  const last = read.at(-1);
  if (last) model.appended.push({ stream, events, expected, revision: last.revision, position: last.position });
}

class Append implements Command {
  readonly stream: number;
  readonly count: number;
  readonly kind: Expectation;
  constructor(stream: number, count: number, kind: Expectation) {
    this.stream = stream;
    this.count = count;
    this.kind = kind;
  }
  check = () => true;
  async run(model: Mutable, real: Real) {
    const { length } = streamOf(model, this.stream);
    const events = Array.from({ length: this.count }, (_, n) => eventToAppend({ n }));
    const expected = expectedOf(this.kind, length);
    const fits = expected === 'any' || (expected === 'noStream' ? length === 0 : expected === BigInt(length) - 1n);
    const result = await real.store.append(real.nameOf(this.stream), events, expected);
    if (!fits) {
      const actual = length === 0 ? {} : { actual: BigInt(length) - 1n };
      expect(result).toEqual({ ok: false, code: 'WrongExpectedRevision', ...actual });
      return;
    }
    expect(result).toMatchObject({ ok: true, revision: BigInt(length + this.count) - 1n, duplicate: false });
    await record(model, real, this.stream, events, expected);
    expect(result).toMatchObject({ position: model.appended.at(-1)?.position });
  }
  toString = () => `append ${this.count} to ${this.stream} at ${this.kind}`;
}

/** The identical append again: the same success, nothing stored. What was appended at `any` promises nothing here. */
class Repeat implements Command {
  readonly which: number;
  constructor(which: number) {
    this.which = which;
  }
  check = (model: Readonly<Model>) => model.appended.some(({ expected }) => expected !== 'any');
  async run(model: Mutable, { store, nameOf }: Real) {
    const repeatable = model.appended.filter(({ expected }) => expected !== 'any');
    const before = repeatable[this.which % repeatable.length];
    if (!before) return;
    const { stream, events, expected, revision, position } = before;
    expect(await store.append(nameOf(stream), events, expected)).toEqual({ ok: true, revision, position, duplicate: true });
    expect(await collect(store.read(nameOf(stream)))).toHaveLength(streamOf(model, stream).length);
  }
  toString = () => `repeat ${this.which}`;
}

/** Ids of one stream appended to another: a store may take or refuse them, but never half of them, and never answers otherwise than it did. */
class AppendElsewhere implements Command {
  readonly which: number;
  readonly stream: number;
  constructor(which: number, stream: number) {
    this.which = which;
    this.stream = stream;
  }
  check = (model: Readonly<Model>) => model.appended.some(({ stream }) => stream !== this.stream);
  async run(model: Mutable, real: Real) {
    const others = model.appended.filter(({ stream }) => stream !== this.stream);
    const events = others[this.which % others.length]?.events ?? [];
    const { length } = streamOf(model, this.stream);
    const already = streamOf(model, this.stream).some(({ id }) => events.some((event) => event.id === id));
    if (already) return;
    const expected = expectedOf('right', length);
    const result = await real.store.append(real.nameOf(this.stream), events, expected);
    if (result.ok) await record(model, real, this.stream, events, expected);
    else expect(await collect(real.store.read(real.nameOf(this.stream)))).toHaveLength(length);
  }
  toString = () => `append what is elsewhere (${this.which}) to ${this.stream}`;
}

class Read implements Command {
  readonly stream: number;
  readonly from: number | undefined;
  readonly max: number | undefined;
  readonly backwards: boolean;
  constructor(stream: number, from: number | undefined, max: number | undefined, backwards: boolean) {
    this.stream = stream;
    this.from = from;
    this.max = max;
    this.backwards = backwards;
  }
  check = () => true;
  async run(model: Mutable, { store, nameOf }: Real) {
    const options = {
      ...(this.from === undefined ? {} : { from: BigInt(this.from) }),
      ...(this.max === undefined ? {} : { max: this.max }),
      backwards: this.backwards,
    };
    const all = streamOf(model, this.stream).map((event, revision) => ({ ...event, revision: BigInt(revision) }));
    const ordered = this.backwards ? all.filter(({ revision }) => revision <= (options.from ?? revision)).reverse() : all.slice(this.from ?? 0);
    const read = () => collect(store.read(nameOf(this.stream), options));
    for (const events of await Promise.all([read(), read()])) {
      expect(events.map(({ id, position, revision }) => ({ id, position, revision }))).toEqual(ordered.slice(0, this.max));
    }
  }
  toString = () => `read ${this.stream} from ${this.from}, at most ${this.max}${this.backwards ? ', backwards' : ''}`;
}

/** From after any event of ours a tail brings exactly the later ones, also those appended while it runs. */
class Tail implements Command {
  readonly which: number;
  readonly stream: number;
  constructor(which: number, stream: number) {
    this.which = which;
    this.stream = stream;
  }
  check = () => true;
  async run(model: Mutable, real: Real) {
    const ours = () => model.streams.flat().toSorted((a, b) => (a.position < b.position ? -1 : 1));
    const after = [real.start, ...ours().map(({ position }) => position)][this.which % (ours().length + 1)] ?? real.start;
    const events = [eventToAppend()];
    const expected = expectedOf('right', streamOf(model, this.stream).length);
    const tail = tailUntil(real.store, after, (batches) => batches.some((batch) => batch.events.some(({ id }) => id === events[0]?.id)));
    await real.store.append(real.nameOf(this.stream), events, expected);
    await record(model, real, this.stream, events, expected);
    const names = Array.from({ length: STREAMS }, (_, stream) => real.nameOf(stream));
    const seen = (await tail).flatMap((batch) => batch.events).filter(({ stream }) => names.includes(stream));
    expect(seen.map(({ id, position }) => ({ id, position }))).toEqual(ours().filter(({ position }) => position > after));
    expect(await real.store.head()).toBe(ours().at(-1)?.position);
  }
  toString = () => `tail after ${this.which} while appending to ${this.stream}`;
}

const stream = fc.nat(STREAMS - 1);
const small = fc.option(fc.nat(12), { nil: undefined });
const commands: fc.Arbitrary<Command>[] = [
  fc
    .tuple(stream, fc.integer({ min: 1, max: 3 }), fc.constantFrom<Expectation>('noStream', 'any', 'right', 'right', 'behind', 'ahead'))
    .map((args) => new Append(...args)),
  fc.nat().map((which) => new Repeat(which)),
  fc.tuple(fc.nat(), stream).map((args) => new AppendElsewhere(...args)),
  fc.tuple(stream, small, small, fc.boolean()).map((args) => new Read(...args)),
  fc.tuple(fc.nat(), stream).map((args) => new Tail(...args)),
];

/** Runs random commands against the store and against lists; the streams of each run are its own. */
export async function eventStoreModel(store: () => EventStore): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 30 }), async (sequence) => {
      const run = randomUUID();
      const real: Real = { store: store(), nameOf: (index) => `model${index}-${run}`, start: await store().head() };
      await fc.asyncModelRun(() => ({ model: { streams: Array.from({ length: STREAMS }, () => []), appended: [] }, real }), sequence);
    }),
    { numRuns: 60 },
  );
}
