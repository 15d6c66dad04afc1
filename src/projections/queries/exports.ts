import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { JobId } from '../../domain/ids.ts';
import { RETENTION_STREAM, RetentionPolicyChanged } from '../../domain/retention.ts';
import { type QueryContext, query } from '../query.ts';
import { type ExportDoc, exportFiles } from '../views/exports.ts';
import { lastOf } from './last-of.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

async function hoursKept(context: QueryContext): Promise<number> {
  const last = await lastOf(context, RETENTION_STREAM);
  return (last ? RetentionPolicyChanged.schema.parse(last.data).policy : context.privacy.retention).exports;
}

const shown = ({ id, doc: { requestedAt, readyAt, size } }: StoredDocument<ExportDoc>, hours: number, now: Date) => {
  const expiresAt = readyAt === '' ? null : new Date(Date.parse(readyAt) + hours * 3600_000).toISOString();
  const ready = expiresAt !== null && expiresAt > now.toISOString();
  return { jobId: id, requestedAt, ready, size: ready ? size : null, expiresAt };
};

/** One's own exports that can be had, or are being written, the latest first. Nobody else sees them, whatever the role. */
export const listExports = query('listExports', {
  input: z.object(pageFields(100)),
  policy: anyPerson,
  views: [exportFiles],
  run: async (page, context) => {
    const hours = await hoursKept(context);
    const options = { sort: [['requestedAt', 'desc']], ...pageOptions(page, 20) } as const;
    const { documents, next } = await context.views.find(exportFiles, { owner: context.principal.id }, options);
    const found = documents.map((document) => shown(document, hours, context.now()));
    return { exports: found.filter(({ ready, expiresAt }) => ready || expiresAt === null), ...(next === undefined ? {} : { next }) };
  },
});

/** Where the file of one's own export lies; not there once its time is over, whether it has been removed yet or not. */
export const getExport = query('getExport', {
  input: z.object({ jobId: JobId }),
  policy: anyPerson,
  views: [exportFiles],
  run: async ({ jobId }, context) => {
    const document = await context.views.get(exportFiles, jobId);
    if (!document || document.doc.owner !== context.principal.id) return undefined;
    const info = shown(document, await hoursKept(context), context.now());
    const { key, parts } = document.doc;
    return info.ready ? { ...info, content: { jobId, key, parts } } : undefined;
  },
});
