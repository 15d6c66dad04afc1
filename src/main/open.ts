import { isDistributed, type Settings } from '../settings.ts';
import type { Installation, Log } from './installation.ts';
import { StartRefused } from './refused.ts';

/** Opens the data where the settings say it is; each shape is loaded only when it is wanted. Throws `StartRefused` when something is in the way. */
export async function openInstallation(settings: Settings, log: Log): Promise<Installation> {
  if (isDistributed(settings)) return (await import('./distributed.ts')).openDistributed(settings, log);
  if (settings.ANNALS_ROLE !== 'all')
    throw new StartRefused(
      `One process alone can use a data folder, so there are no roles: set EVENTSTORE_URL and MONGODB_URL, or leave out --role ${settings.ANNALS_ROLE}.`,
    );
  return (await import('./embedded.ts')).openEmbedded(settings, log);
}
