import type { Settings } from '../settings.ts';
import type { Kernel } from './kernel.ts';
import { StartRefused } from './refused.ts';

export type Log = (message: string) => void;

export interface Installation {
  readonly kernel: Kernel;
  /** The installation's secret, made on first start. */
  readonly secret: Buffer;
  close(drainMs: number): Promise<void>;
}

/** Servers hold the data, and several processes may share the work. */
export const isDistributed = ({ EVENTSTORE_URL, MONGODB_URL }: Settings): boolean => EVENTSTORE_URL !== undefined || MONGODB_URL !== undefined;

/** Opens the data where the settings say it is; each shape is loaded only when it is wanted. Throws `StartRefused` when something is in the way. */
export async function openInstallation(settings: Settings, log: Log): Promise<Installation> {
  if (isDistributed(settings)) return (await import('./distributed.ts')).openDistributed(settings, log);
  if (settings.ANNALS_ROLE !== 'all')
    throw new StartRefused(
      `One process alone can use a data folder, so there are no roles: set EVENTSTORE_URL and MONGODB_URL, or leave out --role ${settings.ANNALS_ROLE}.`,
    );
  return (await import('./embedded.ts')).openEmbedded(settings, log);
}
