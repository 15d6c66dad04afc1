import type { Settings } from '../settings.ts';

/** The commands that the settings switch off. */
export const switchedOff = ({ ANNALS_SHARING }: Settings): ReadonlySet<string> =>
  new Set(ANNALS_SHARING === 'off' ? ['shareConversation', 'shareFile', 'shareResource'] : []);
