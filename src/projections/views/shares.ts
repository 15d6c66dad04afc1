import { ConversationDeleted, ConversationShared, ConversationUnshared } from '../../domain/conversation/index.ts';
import type { EventOf, JsonObject } from '../../domain/event.ts';
import { FileDeleted, FileShared, FileUnshared } from '../../domain/file.ts';
import { PromptDeleted } from '../../domain/prompt/index.ts';
import { resourceShareEvents } from '../../domain/resource-share.ts';
import type { ShareLevel } from '../../domain/share.ts';
import { view } from '../view.ts';

/** One thing shared with one person or role. Whether the share still holds, the thing's own stream says at once. */
export interface ShareDoc extends JsonObject {
  kind: string;
  resource: string;
  grantee: string;
  level: ShareLevel;
  sharedBy: string;
  sharedAt: string;
}

const types = [
  ConversationShared,
  ConversationUnshared,
  ConversationDeleted,
  FileShared,
  FileUnshared,
  FileDeleted,
  PromptDeleted,
  ...resourceShareEvents,
] as const;
type Event = EventOf<(typeof types)[number]>;

function thingOf({ data }: Event): { kind: string; resource: string } {
  if ('kind' in data) return { kind: data.kind, resource: data.resource };
  if ('promptId' in data) return { kind: 'prompt', resource: data.promptId };
  return 'fileId' in data ? { kind: 'file', resource: data.fileId } : { kind: 'conversation', resource: data.conversationId };
}

export const shareList = view<ShareDoc, (typeof types)[number]>({
  name: 'shares',
  version: 2,
  types,
  indexes: [['grantee', 'kind', 'sharedAt'], ['resource']],
  ownedBy: 'grantee',
  keys: (event) => {
    const { resource } = thingOf(event);
    return 'with' in event.data ? [`${resource}/${event.data.with}`] : [{ index: 'resource', value: resource }];
  },
  fold: (_doc, event) => {
    if (!('level' in event.data)) return 'delete';
    const { level, with: grantee } = event.data;
    return { ...thingOf(event), grantee, level, sharedBy: event.metadata.actor, sharedAt: event.metadata.time };
  },
});
