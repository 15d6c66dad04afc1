import type { ErasureList } from '../adapters/erasure-list/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Tell } from '../commands/command.ts';
import { deleteConversation } from '../commands/conversation.ts';
import { deleteFile } from '../commands/file.ts';
import { erasePerson } from '../commands/person.ts';
import { annals } from '../commands/settle-active-run.ts';
import { fileStream } from '../domain/file.ts';
import { ConversationId, FileId, PersonId } from '../domain/ids.ts';
import { personStream, persons } from '../domain/person.ts';
import type { Progress } from '../projections/progress.ts';
import type { Views } from '../projections/query.ts';
import { conversationList } from '../projections/views/conversations.ts';
import { fileList } from '../projections/views/files.ts';
import { caughtUp } from './erase-person/seen.ts';

export interface EraseAgainParts {
  readonly list: ErasureList;
  readonly tell: Tell;
  readonly loader: Loader;
  readonly store: EventStore;
  readonly views: Views;
  readonly progress: Progress;
}

const AT_ONCE = 500;

/**
 * After a restore: whatever stands on the erasure list and the log knows nothing of is erased again by the same commands, so that accounts are closed and
 * what lies about goes. Its keys are gone already. Answers how many commands that took.
 */
export async function eraseAgain(parts: EraseAgainParts, signal: AbortSignal): Promise<number> {
  const { list, tell, loader, views } = parts;
  const erased = await list.all();
  let count = 0;
  const again = async (outcome: ReturnType<Tell>): Promise<void> => {
    if ((await outcome).ok) count++;
  };
  for (const { kind, name } of erased) {
    const person = kind === 'subject' ? PersonId.safeParse(name).data : undefined;
    if (person === undefined || (await loader.load(personStream(person), persons)).state.erased !== undefined) continue;
    await again(tell(annals(person), erasePerson({ person })));
  }
  const scopes = erased.flatMap(({ kind, name }) => (kind === 'scope' ? [name] : []));
  await caughtUp(parts, [conversationList.name, fileList.name], signal);
  for (let at = 0; at < scopes.length; at += AT_ONCE) {
    signal.throwIfAborted();
    const some = scopes.slice(at, at + AT_ONCE);
    const threads = some.filter((scope) => ConversationId.safeParse(scope).success);
    for (const [id, { doc }] of await views.getMany(conversationList, threads))
      await again(tell(annals(PersonId.parse(doc.owner)), deleteConversation({ conversationId: ConversationId.parse(id) })));
    const files = some.filter((scope) => scope.startsWith(fileStream('file-'))).map((scope) => scope.slice(fileStream('').length));
    for (const [id, { doc }] of await views.getMany(fileList, files))
      await again(tell(annals(PersonId.parse(doc.owner)), deleteFile({ fileId: FileId.parse(id) })));
  }
  return count;
}
