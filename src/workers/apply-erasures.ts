import type { ErasureList } from '../adapters/erasure-list/port.ts';
import { type EventStore, type Position, START } from '../adapters/event-store/port.ts';
import type { KeyVault } from '../adapters/key-vault/port.ts';
import { hiddenScope } from '../commands/hidden.ts';
import { AccessRecordsErased } from '../domain/access-records.ts';
import { ConversationDeleted } from '../domain/conversation/index.ts';
import { PasswordSet } from '../domain/credential.ts';
import { ExportRemoved, exportStream } from '../domain/export/index.ts';
import { FileDeleted, fileStream } from '../domain/file.ts';
import { InvitationExpired, InvitationRedeemed, InvitationRevoked, invitationOf, invitationStream } from '../domain/invitation.ts';
import { McpAccessGranted, McpAccessLost, McpAccessRefreshed, McpAccessRevoked, McpLoginBegun, McpLoginFailed } from '../domain/mcp/access.ts';
import { McpServerChanged, McpServerRemoved } from '../domain/mcp/server.ts';
import { PersonErased } from '../domain/person.ts';
import { PromptDeleted } from '../domain/prompt/index.ts';
import { ProviderKeyGraceEnded, ProviderKeyRemoved, ProviderKeyRotated } from '../domain/provider-key.ts';
import { ClientReportsErased } from '../domain/telemetry.ts';

const secretsDropped: readonly string[] = [
  ProviderKeyRotated.type,
  ProviderKeyGraceEnded.type,
  ProviderKeyRemoved.type,
  PasswordSet.type,
  McpServerChanged.type,
  McpServerRemoved.type,
  McpLoginBegun.type,
  McpLoginFailed.type,
  McpAccessGranted.type,
  McpAccessRefreshed.type,
  McpAccessLost.type,
  McpAccessRevoked.type,
];
/** What the invitation said is over with the invitation, or once the account that it promised is whole. */
const endsInvitation: readonly string[] = [InvitationRedeemed.type, InvitationRevoked.type, InvitationExpired.type, PasswordSet.type];
function endedInvitation(type: string, data: object): string[] {
  if (!endsInvitation.includes(type)) return [];
  const { invitationId, person, why } = data as { invitationId?: string; person?: string; why?: string };
  if (type === PasswordSet.type) return why === 'invitation' && person !== undefined ? [invitationStream(invitationOf(person))] : [];
  return invitationId === undefined || invitationOf(person ?? '') === invitationId ? [] : [invitationStream(invitationId)];
}

/** Events that say which secrets nobody needs any more. */
export const dropping: readonly string[] = [...new Set([...secretsDropped, ...endsInvitation, PromptDeleted.type])];
/** The keys of those secrets, by the event that says so. */
export const droppedScopes = (type: string, data: object): string[] => [
  ...(secretsDropped.includes(type) ? (data as { dropped: string[] }).dropped.map(hiddenScope) : []),
  ...endedInvitation(type, data),
  ...(type === PromptDeleted.type ? [(data as { promptId: string }).promptId] : []),
];

/** The scopes whose keys this event destroys. */
function scopesOf(type: string, data: object): string[] {
  if (type === ConversationDeleted.type) return [(data as { conversationId: string }).conversationId];
  if (type === FileDeleted.type) return [fileStream((data as { fileId: string }).fileId)];
  if (type === ClientReportsErased.type || type === AccessRecordsErased.type) return [(data as { stream: string }).stream];
  if (type === ExportRemoved.type) return [exportStream((data as { jobId: string }).jobId)];
  return droppedScopes(type, data);
}

/** In a mark: from the beginning of the log on, everything has been put on the erasure list. */
const LISTED = 'listed';

/**
 * Before the vault hands out its first key: every erasure in the log after the vault's own mark is applied again, so that an older vault (a restored one)
 * opens nothing that was erased since; the mark of another epoch says nothing about this log. `anew` looks through all of it. Answers how many there were.
 */
export async function applyErasures(store: EventStore, vault: KeyVault, { anew = false }: { readonly anew?: boolean } = {}): Promise<number> {
  const stop = new AbortController();
  const epoch = await store.epoch();
  const [markedEpoch, marked, listed] = (await vault.mark()).split('.');
  const mark: Position = !anew && markedEpoch === epoch && marked !== undefined && listed === LISTED ? marked : START;
  let count = 0;
  let seen = mark;
  if ((await store.head()) <= mark) return 0;
  for await (const batch of store.tail(mark, { signal: stop.signal })) {
    for (const { type, data } of batch.events) {
      for (const scope of scopesOf(type, data)) {
        await vault.destroyScope(scope);
        count++;
      }
      if (type !== PersonErased.type) continue;
      await vault.destroySubject(String(data.person));
      count++;
    }
    seen = batch.seen;
    if (batch.caughtUp) break;
  }
  stop.abort();
  await vault.setMark(`${epoch}.${seen}.${LISTED}`);
  return count;
}

/** And so is every erasure on the list, which a backup of log and vault knows nothing of. Answers how many the vault had not seen. */
export async function applyErasureList(list: ErasureList, vault: KeyVault): Promise<number> {
  let count = 0;
  for (const { kind, name } of await list.all()) {
    if (await vault.isDestroyed(kind === 'subject' ? { subject: name, scope: '' } : { subject: '', scope: name })) continue;
    await (kind === 'subject' ? vault.destroySubject(name) : vault.destroyScope(name));
    count++;
  }
  return count;
}
