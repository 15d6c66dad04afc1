import { z } from 'zod';
import type { PersonId } from '../../domain/ids.ts';
import { ToolFailed } from '../tools.ts';
import { type BuiltInTool, given, object } from './tool.ts';

const Input = z.object({ timeZone: z.string().max(64).optional() });

/** `zoneOf`: where the person says it lives. */
export function createClock(now: () => Date, zoneOf: (person: PersonId) => Promise<string | undefined>): BuiltInTool {
  return {
    name: 'clock',
    description: 'Date, weekday and time now, in a time zone; without one in the person’s own, or in UTC.',
    parameters: object({ timeZone: { type: 'string', description: 'IANA name, for example Europe/Berlin' } }),
    usual: 'allow',
    execute: async (input, { person }) => {
      const asked = given(Input, input).timeZone;
      const timeZone = asked ?? (await zoneOf(person)) ?? 'UTC';
      const time = now();
      const parts = partsIn(timeZone, time) ?? (asked === undefined ? partsIn('UTC', time) : undefined);
      if (!parts) throw new ToolFailed(`There is no time zone ${timeZone}: give an IANA name such as Europe/Berlin.`);
      return { utc: time.toISOString(), ...parts };
    },
  };
}

function partsIn(timeZone: string, time: Date) {
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      weekday: 'long',
      hourCycle: 'h23',
      timeZoneName: 'longOffset',
    });
    const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
    const offset = (part.timeZoneName ?? '').replace('GMT', '') || '+00:00';
    const local = `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}${offset}`;
    return { timeZone: format.resolvedOptions().timeZone, local, weekday: part.weekday ?? '' };
  } catch {
    return undefined;
  }
}
