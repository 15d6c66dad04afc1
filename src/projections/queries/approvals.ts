import { z } from 'zod';
import { isUnopened, type Json } from '../../domain/event.ts';
import { Part } from '../../domain/message.ts';
import { query } from '../query.ts';
import { type ApprovalDoc, approvals } from '../views/approvals.ts';
import { ownerFilter } from './owned.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

/** A tool call that waits for its yes or no. */
export interface ApprovalInfo {
  readonly approvalId: string;
  readonly conversationId: string;
  readonly runId: string;
  readonly toolCallId: string;
  readonly toolName: string;
  readonly serverId: string | null;
  readonly tool: string | null;
  readonly input: Json;
  readonly askedAt: string;
  readonly expiresAt: string | null;
}

const Step = z.object({ parts: z.array(Part), tools: z.array(z.object({ toolCallId: z.string(), tool: z.string() })).default([]) });

function shown({ conversationId, runId, askedAt, expiresAt, calls }: ApprovalDoc, opened: unknown): ApprovalInfo[] {
  const { parts, tools } = isUnopened(opened) ? { parts: [], tools: [] } : Step.parse(opened);
  return calls.map((call) => {
    const part = parts.find((each) => each.type === 'tool' && each.toolCallId === call.toolCallId);
    const { toolName, input = null } = part?.type === 'tool' ? part : { toolName: String(opened), input: String(opened) };
    const tool = tools.find((each) => each.toolCallId === call.toolCallId)?.tool ?? call.tool;
    return { ...call, toolName, tool, conversationId, runId, input, askedAt, expiresAt };
  });
}

/** One's own calls that wait, the oldest first. */
export const listApprovals = query('listApprovals', {
  input: z.object(pageFields(100)),
  policy: anyPerson,
  views: [approvals],
  run: async (page, { principal, views, openDeep }) => {
    const options = { sort: [['askedAt', 'asc'] as const], ...pageOptions(page, 50) };
    const { documents, next } = await views.find(approvals, { owner: ownerFilter(principal) }, options);
    const opened = await openDeep(documents.map(({ doc }) => doc.parts));
    return { approvals: documents.flatMap(({ doc }, index) => shown(doc, opened[index])), ...(next === undefined ? {} : { next }) };
  },
});
