import { ConversationDeleted, MessageSent } from '../../domain/conversation/index.ts';
import type { JsonObject } from '../../domain/event.ts';
import { view } from '../view.ts';

/** A file that a message names: who may read that conversation may read the file, if it is the author's own. Its id begins with the file's. */
export interface AttachmentDoc extends JsonObject {
  conversationId: string;
  author: string;
}

const types = [MessageSent, ConversationDeleted] as const;

export const attachments = view<AttachmentDoc, (typeof types)[number]>({
  name: 'attachments',
  version: 1,
  types,
  indexes: [['conversationId']],
  keys: ({ type, data, metadata }) =>
    type === 'ConversationDeleted'
      ? [{ index: 'conversationId', value: data.conversationId }]
      : [...new Set(data.fileIds)].map((fileId) => `${fileId}/${data.conversationId}/${metadata.subject}`),
  fold: (doc, { type, data, metadata }) => {
    if (type === 'ConversationDeleted') return 'delete';
    return doc ?? { conversationId: data.conversationId, author: metadata.subject };
  },
});

/** Of all attachments of a file. */
export const attachmentsOf = (fileId: string) => ({ _id: { gte: `${fileId}/`, lt: `${fileId}0` } });
