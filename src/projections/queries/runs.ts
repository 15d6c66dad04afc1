import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { ConversationId, RunId } from '../../domain/ids.ts';
import type { Usage } from '../../domain/message.ts';
import { runStream } from '../../domain/run/index.ts';
import { query } from '../query.ts';
import { type RunDoc, runList } from '../views/runs.ts';
import { lastRevision } from './last-revision.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

/** A run as the owner of its conversation sees it. */
export interface RunInfo {
  readonly id: string;
  readonly conversationId: string;
  readonly messageId: string;
  readonly open: boolean;
  readonly status: RunDoc['status'];
  readonly model: string | null;
  /** Model calls made, repeated attempts included. */
  readonly calls: number;
  readonly usage: Usage | null;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

const shown = ({ id, doc }: StoredDocument<RunDoc>): RunInfo => {
  const { conversationId, messageId, open, status, model, calls, usage, requestedAt, startedAt, endedAt } = doc;
  return { id, conversationId, messageId, open, status, model, calls, usage, requestedAt, startedAt, endedAt };
};

export const getRun = query('getRun', {
  input: z.object({ runId: RunId }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [runList],
  run: async ({ runId }, context) => {
    const document = await context.views.get(runList, runId);
    // The log knows at once whose the conversation is, and whether it has been deleted.
    if (!document || !(await context.conversation(document.doc.conversationId))) return undefined;
    return { ...shown(document), revision: await lastRevision(context, runStream(runId)) };
  },
});

/** The runs of a thread, the newest first. */
export const listRuns = query('listRuns', {
  input: z.object({ conversationId: ConversationId, ...pageFields(200) }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [runList],
  run: async ({ conversationId, ...page }, context) => {
    if (!(await context.conversation(conversationId))) return undefined;
    const { documents, next } = await context.views.find(runList, { conversationId }, { sort: [['requestedAt', 'desc']], ...pageOptions(page, 50) });
    return { runs: documents.map(shown), ...(next === undefined ? {} : { next }) };
  },
});
