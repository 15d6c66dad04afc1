import { join } from 'node:path';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import { type HeadKey, headKey } from '../adapters/event-store/heads.ts';
import { createHeads, HeadsRefused } from '../adapters/event-store/heads-export.ts';
import type { Evidence, Leaves } from '../adapters/evidence/port.ts';
import { isDistributed, type Settings } from '../settings.ts';
import { derivedSecret, type Log } from './installation.ts';

/** With what an installation signs its heads: made from its secret, so that every process, and the installation that it is moved to, has the same. */
export const headKeyOf = (secret: Buffer): HeadKey => headKey(derivedSecret(secret, 'annals heads'));

/** How an installation is called in its heads. */
export const installationName = (secret: Buffer): string => derivedSecret(secret, 'annals installation').toString('hex').slice(0, 32);

/** Where heads are exported to; on servers, where no folder is everybody's, only where a setting says so. */
export const headsFileOf = (settings: Settings): string | undefined =>
  settings.ANNALS_HEADS_FILE ?? (isDistributed(settings) ? undefined : join(settings.ANNALS_DATA, 'heads.jsonl'));

export interface HeadsOf {
  readonly settings: Settings;
  readonly secret: Buffer;
  readonly leaves: Leaves;
  readonly state: DocumentStore;
  readonly epoch: () => Promise<string>;
  readonly log: Log;
}

/** What the kernel needs to answer auditors, and to sign when it is this process's turn. What keeps heads from being signed is said once. */
export function openHeads({ settings, secret, leaves, state, epoch, log }: HeadsOf): {
  readonly evidence: Evidence;
  readonly everyMs: number;
  readonly sign: (signal: AbortSignal) => Promise<void>;
} {
  const file = headsFileOf(settings);
  const heads = createHeads({ leaves, state, epoch, key: headKeyOf(secret), installation: installationName(secret), file, now: () => new Date() });
  let said: string | undefined;
  return {
    evidence: heads,
    everyMs: settings.ANNALS_HEADS_EVERY,
    async sign(signal) {
      try {
        await heads.sign(signal);
        said = undefined;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof HeadsRefused)) throw error;
        if (error.message !== said) log(error.message);
        said = error.message;
      }
    },
  };
}
