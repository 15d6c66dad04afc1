import { z } from 'zod';
import { leafOf, storedEvent } from '../../adapters/event-store/leaf.ts';
import { START } from '../../adapters/event-store/port.ts';
import { asStored } from '../../adapters/event-store/upcast.ts';
import { conversationStream } from '../../domain/conversation/index.ts';
import { isSealed, type JsonObject, type RecordedEvent } from '../../domain/event.ts';
import { ConversationId } from '../../domain/ids.ts';
import { runStream } from '../../domain/run/index.ts';
import { type QueryContext, query } from '../query.ts';
import { anyPerson } from './policy.ts';

/** An event as an auditor sees it; sealed parts opened, and the hash of it as it is stored. */
export interface EventInfo {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly stream: string;
  readonly revision: string;
  readonly position: string;
  readonly time: string;
  readonly actor: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly leaf: string;
  readonly data: JsonObject;
}

async function shown(event: RecordedEvent, { open }: QueryContext): Promise<EventInfo> {
  const { id, type, version, stream, revision, position, data, metadata } = event;
  return {
    id,
    type,
    version,
    stream,
    revision: String(revision),
    position,
    time: metadata.time,
    actor: metadata.actor,
    commandId: metadata.commandId,
    correlationId: metadata.$correlationId,
    causationId: metadata.$causationId,
    leaf: leafOf(storedEvent(asStored(event))).toString('hex'),
    data: isSealed(data.sealed) ? { ...data, sealed: await open(data.sealed, id) } : data,
  };
}

const MOST = 5000;

/** What happened in a thread and in its runs, in the order of the log. */
export const listConversationEvents = query('listConversationEvents', {
  input: z.object({
    conversationId: ConversationId,
    /** The position of the last event of the page before. */
    after: z
      .string()
      .regex(/^\d{20}$/, 'must be the position of an event, 20 digits')
      .optional(),
    limit: z.coerce.number().int().min(1).max(MOST).optional(),
  }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [],
  run: async ({ conversationId, after = START, limit = MOST }, context) => {
    const state = await context.conversation(conversationId);
    if (!state) return undefined;
    const found: RecordedEvent[] = [];
    for (const stream of [conversationStream(conversationId), ...[...state.runs.keys()].map(runStream)]) {
      for await (const event of context.events(stream)) if (event.position > after) found.push(event);
    }
    found.sort((a, b) => (a.position < b.position ? -1 : 1));
    const page = found.slice(0, limit);
    const events = await Promise.all(page.map((event) => shown(event, context)));
    const next = found.length > page.length ? page.at(-1)?.position : undefined;
    return { events, ...(next === undefined ? {} : { next }) };
  },
});
