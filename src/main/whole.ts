import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { verifyEvents } from '../adapters/event-store/verify.ts';
import { StartRefused } from './refused.ts';

/** Of the log, checked at each start. */
const LAST_EVENTS = 1000;

/** Refuses a folder that has lost a part which cannot be made anew, before anything is made in its place. */
export function requireWhole(folder: string, { masterKeySet }: { readonly masterKeySet: boolean }): void {
  const has = (name: string): boolean => existsSync(join(folder, name));
  const lost = (what: string, name: string, why: string): never => {
    throw new StartRefused(`${what} ${join(folder, name)} is missing, ${why}: put it back from its backup. Nothing was changed.`);
  };
  const used = ['keys.db', 'views.db', 'state.db'].find(has);
  if (used && !has('events.db')) lost('The log', 'events.db', `though ${used} is there`);
  if (has('keys.db') && !has('master.key') && !masterKeySet) lost('The master key', 'master.key', 'and without it no text can be read');
}

/** Refuses a log whose last events are not what was stored. */
export async function requireSoundTail(folder: string): Promise<void> {
  const { problems } = await verifyEvents(folder, { last: LAST_EVENTS });
  const [first] = problems;
  if (!first) return;
  const { position, stream, revision, what } = first;
  const where = position === 0 ? '' : `at position ${position}${stream ? ` (${stream}, revision ${revision})` : ''}: `;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : '';
  throw new StartRefused(
    `${join(folder, 'events.db')} is damaged (${where}${what}${more}): see what "annals verify" finds, and restore it from a backup. Nothing was changed.`,
  );
}
