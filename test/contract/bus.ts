import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/adapters/bus/port.ts';
import type { JsonObject } from '../../src/domain/event.ts';
import { until } from '../harness/until.ts';

export interface OpenedBus {
  readonly bus: Bus;
  /** Where other processes listen and publish; the same where there is only one. */
  readonly others: readonly Bus[];
  readonly remove: () => Promise<void>;
}

export interface BusAdapter {
  readonly name: string;
  readonly open: () => Promise<OpenedBus>;
}

// Messages are parsed, which leaves out members called `__proto__`, however deep.
const message = fc
  .dictionary(fc.oneof(fc.string(), fc.constantFrom('$set', 'a.b', '__proto__x', '')), fc.jsonValue({ maxDepth: 3 }))
  .map((value) => JSON.stringify(value))
  .filter((text) => !text.includes('__proto__":'))
  .map((text): JsonObject => JSON.parse(text));

/** What every bus must do. */
export function describeBuses(adapters: readonly BusAdapter[]): void {
  describe.each(adapters)('the bus $name', (adapter) => {
    let opened: OpenedBus;
    let everywhere: readonly Bus[];
    beforeEach(async () => {
      opened = await adapter.open();
      everywhere = [...new Set([opened.bus, ...opened.others])];
    });
    afterEach(() => opened.remove());

    it('brings every message to all who listen to its topic, wherever they are, in the order of who published', async () => {
      const heard = everywhere.map((bus) => listen(bus, 'views'));
      const numbers = Array.from({ length: 200 }, (_, number) => number);
      await Promise.all(everywhere.flatMap((bus, from) => numbers.map((number) => bus.publish('views', { from, number }))));
      await until(() => heard.every((one) => one.length >= numbers.length * everywhere.length));
      for (const one of heard) {
        for (const from of everywhere.keys()) expect(one.filter((each) => each['from'] === from).map((each) => each['number'])).toEqual(numbers);
      }
    });

    it('brings any JSON object as it is', async () => {
      const heard = everywhere.map((bus) => listen(bus, 'views'));
      let count = 0;
      await fc.assert(
        fc.asyncProperty(message, async (sent) => {
          await opened.bus.publish('views', sent);
          count += 1;
          await until(() => heard.every((one) => one.length === count));
          for (const one of heard) expect(one.at(-1)).toEqual(sent);
        }),
        { numRuns: 30 },
      );
    });

    it('keeps topics apart, and tells nobody who has stopped', async () => {
      const views = everywhere.map((bus) => listen(bus, 'views'));
      const stopped: JsonObject[] = [];
      for (const bus of everywhere) {
        const stop = bus.subscribe('keys', (each) => stopped.push(each));
        stop();
        stop();
      }
      const keys = everywhere.map((bus) => listen(bus, 'keys'));
      await opened.bus.publish('keys', { number: 1 });
      await opened.bus.publish('views', { number: 2 });
      await until(() => [...views, ...keys].every((one) => one.length > 0));
      for (const one of views) expect(one).toEqual([{ number: 2 }]);
      for (const one of keys) expect(one).toEqual([{ number: 1 }]);
      expect(stopped).toEqual([]);
    });

    it('brings what is published after somebody listened again, though nobody did for a while', async () => {
      for (const [turn, bus] of everywhere.entries()) {
        const heard: JsonObject[] = [];
        const hears = (what: string) => until(() => heard.some((each) => each['what'] === `${what} ${turn}`));
        const say = (what: string) => opened.bus.publish('views', { what: `${what} ${turn}` });
        const hear = () => bus.subscribe('views', (each) => heard.push(each));
        const stop = hear();
        await say('first');
        await hears('first');
        stop();
        await say('second');
        hear();
        await say('third');
        await hears('third');
      }
    });

    it('takes what nobody listens to', async () => {
      await expect(opened.bus.publish('views', { number: 1 })).resolves.toBeUndefined();
    });

    it('tells nobody anything any more when it is closed', async () => {
      const heard = listen(opened.bus, 'views');
      await opened.bus.close();
      await opened.bus.publish('views', { number: 1 });
      await new Promise((resolve) => setImmediate(resolve));
      expect(heard).toEqual([]);
    });
  });
}

function listen(bus: Bus, topic: string): JsonObject[] {
  const heard: JsonObject[] = [];
  bus.subscribe(topic, (each) => heard.push(each));
  return heard;
}
