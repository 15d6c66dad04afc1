import { createHmac } from 'node:crypto';
import type { Blobs } from '../adapters/blobs/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import { resolveOwner } from '../adapters/event-store/owner.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { ExportFiles } from '../api/annals.ts';
import type { Tell } from '../commands/command.ts';
import { exportPart } from '../domain/export/index.ts';
import type { PersonId } from '../domain/ids.ts';
import { usualMasking } from '../domain/masking/index.ts';
import { personStream, persons } from '../domain/person.ts';
import { type PrivacySettings, usualPrivacy } from '../domain/privacy.ts';
import { RetentionPolicy, usualRetention } from '../domain/retention.ts';
import type { Progress } from '../projections/progress.ts';
import type { QueryContext, Views } from '../projections/query.ts';
import type { Settings } from '../settings.ts';
import { readParts } from '../workers/archive/parts.ts';
import { createExport } from '../workers/export/index.ts';
import { createImport } from '../workers/import/index.ts';
import type { JobPlans } from '../workers/jobs/kind.ts';
import { createMaskPrompt, type MaskPrompt } from '../workers/masking/mask-prompt.ts';
import { retentionNow, sweepRetention } from '../workers/retention.ts';
import { StartRefused } from './refused.ts';

interface PrivacyParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly blobs: Blobs;
  readonly progress: Progress;
  readonly views: Views;
  readonly now: () => Date;
  readonly secret: Buffer;
  readonly settings?: PrivacySettings | undefined;
}

export interface Privacy {
  /** What queries go by. */
  readonly asking: Pick<QueryContext, 'privacy' | 'now' | 'pseudonym' | 'objecting'>;
  readonly mask: MaskPrompt;
  /** How long what a run streamed is kept after its end. */
  readonly keepLiveMs: () => Promise<number>;
  /** Exports and imports. */
  readonly jobs: JobPlans;
  readonly exports: ExportFiles;
  /** Deletes what has been kept long enough; looks once a minute, however often it is called. */
  readonly sweep: () => Promise<void>;
}

/** What the settings say; throws `StartRefused` where they say something that cannot be. */
export function privacyOf({ ANNALS_MASKING: mode, ANNALS_RETENTION: said, ANNALS_ANALYTICS_LEAST: leastPersons }: Settings): PrivacySettings {
  const retention = RetentionPolicy.safeParse({ ...usualRetention, ...said });
  if (!retention.success) {
    const [issue] = retention.error.issues;
    throw new StartRefused(`The setting ANNALS_RETENTION cannot be used: ${issue?.path.join('.')} ${issue?.message}.`);
  }
  return { masking: { ...usualMasking, mode }, retention: retention.data, leastPersons };
}

const EVERY_MS = 60_000;

/** A name for one purpose: for another one the same text has another name, and without the secret neither leads to the text. */
export const createPurposePseudonyms =
  (secret: Uint8Array) =>
  (purpose: string, text: string): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify([purpose, text]))
      .digest('base64url')
      .slice(0, 22);

/** Masking and retention, as the settings and the administrators say. */
export function createPrivacy({ settings = usualPrivacy, secret, ...parts }: PrivacyParts): Privacy {
  const pseudonym = createPurposePseudonyms(secret);
  const caughtUp = async (): Promise<void> => {
    const names = parts.progress.status().map(({ view }) => view);
    if (!(await parts.progress.waitFor(names, await parts.store.head(), { timeoutMs: EVERY_MS }))) throw new Error('The views do not catch up.');
  };
  /** By its own word, or by that of whoever has claimed it. */
  const objects = async (id: PersonId): Promise<boolean> => {
    const whose = (await resolveOwner(parts.loader, { owner: id })) ?? id;
    const { objects: said, erased, restricted } = (await parts.loader.load(personStream(whose), persons)).state;
    return said === true || erased !== undefined || restricted === true;
  };
  const retaining = { ...parts, usual: settings.retention };
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    asking: {
      privacy: settings,
      now: parts.now,
      pseudonym,
      objecting: async (persons) => {
        const found = await Promise.all(persons.map(async (id) => [id, await objects(id as PersonId)] as const));
        return new Set(found.filter(([, out]) => out).map(([id]) => id));
      },
    },
    mask: createMaskPrompt({ ...parts, usual: settings.masking }),
    keepLiveMs: async () => (await retentionNow(retaining)).policy.liveLog * 3600_000,
    jobs: { export: createExport({ ...parts, caughtUp }), import: createImport({ ...parts, pseudonym }) },
    exports: { read: ({ jobId, key, parts: count }) => readParts(parts, (number) => exportPart(jobId, number), { key, parts: count }) },
    async sweep() {
      const now = parts.now().getTime();
      if (now - lookedAt < EVERY_MS) return;
      // What is left of much is looked for at once again.
      if ((await sweepRetention(retaining)) === 0) lookedAt = now;
    },
  };
}
