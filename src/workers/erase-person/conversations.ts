import { deleteConversation } from '../../commands/conversation.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { conversationStream } from '../../domain/conversation/index.ts';
import type { ConversationId, PersonId } from '../../domain/ids.ts';
import { conversationList } from '../../projections/views/conversations.ts';
import { eraseConversation } from '../erase-conversation.ts';
import type { ErasingParts, ErasureStep } from './parts.ts';
import { eachOf } from './seen.ts';
import { told } from './told.ts';

/** The person's threads, but for those in which others wrote something: there the person's own words are unreadable without their keys. */
export const conversationsOf: ErasureStep = {
  name: 'conversations',
  erase: (parts, subjects, work) =>
    eachOf(parts, { view: conversationList, field: 'owner', subjects, work }, async ({ id, doc }) => {
      const conversationId = id as ConversationId;
      if (await hasOthersTexts(parts, conversationId, subjects)) return;
      told(await parts.tell(annals(doc.owner as PersonId), deleteConversation({ conversationId })));
      await eraseConversation(parts, conversationId, doc.owner);
    }),
};

async function hasOthersTexts({ store }: ErasingParts, id: ConversationId, subjects: readonly PersonId[]): Promise<boolean> {
  for await (const { data, metadata } of store.read(conversationStream(id)))
    if (data.sealed !== undefined && !subjects.includes(metadata.subject)) return true;
  return false;
}
