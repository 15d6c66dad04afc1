import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { fold } from '../../domain/decider.ts';
import { type EventOf, isUnopened } from '../../domain/event.ts';
import type { PersonId } from '../../domain/ids.ts';
import { type McpChoices, type mcpChoiceEvents, mcpChoiceStream, mcpChoices } from '../../domain/mcp/choice.ts';
import { contractIdOf } from '../../domain/mcp/contract.ts';
import { isForPerson } from '../../domain/mcp/server.ts';
import { ContractSnapshot } from '../../domain/mcp-contract/contract.ts';
import type { Principal } from '../../domain/principal.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';
import type { QueryContext } from '../query.ts';
import type { SealedJson } from '../views/conversations.ts';
import { type McpContractDoc, mcpContractList } from '../views/mcp-contracts.ts';
import { type McpServerDoc, mcpServers } from '../views/mcp-servers.ts';
import { administratorsOnly } from './policy.ts';

const isAdministrator = (principal: Principal): boolean => administratorsOnly({ principal, input: undefined }) === 'allow';
export const isUsable = (doc: McpServerDoc, { id }: Principal): boolean =>
  isForPerson({ owner: doc.owner as PersonId, audience: doc.audience as PersonId[] | 'everybody' }, id);
export const isAdministered = (doc: McpServerDoc, principal: Principal): boolean =>
  doc.owner === ORGANISATION ? isAdministrator(principal) : doc.owner === principal.id;

/** With its short name opened. */
export type NamedServerDoc = McpServerDoc & { slug: string };
const Named = z.looseObject({ slug: z.string().optional() });

/** What stands sealed of a server opens to its short name; where it cannot be opened, to a word that says so. */
export const slugIn = ({ plainSlug }: Pick<McpServerDoc, 'plainSlug'>, opened: unknown): string =>
  plainSlug ?? (isUnopened(opened) ? opened : (Named.parse(opened).slug ?? ''));

/** The servers that the principal may use; there are two hundred at most. */
export async function usableServers({ views, principal, openDeep }: QueryContext): Promise<readonly StoredDocument<NamedServerDoc>[]> {
  const found = await Promise.all(
    [ORGANISATION, principal.id].map((owner) => views.find(mcpServers, { owner }, { sort: [['number', 'asc']], limit: 100 })),
  );
  const usable = found.flatMap(({ documents }) => documents).filter(({ doc }) => isUsable(doc, principal));
  const opened = await openDeep(usable.map(({ doc }) => doc.personal));
  return usable.map((server, index) => ({ ...server, doc: { ...server.doc, slug: slugIn(server.doc, opened[index]) } }));
}

export const contractsOf = async (
  { views, principal }: QueryContext,
  servers: readonly StoredDocument<McpServerDoc>[],
): Promise<ReadonlyMap<string, StoredDocument<McpContractDoc>>> => {
  const ids = new Map(servers.map(({ id, doc }) => [id, contractIdOf({ serverId: id, auth: doc.auth }, principal.id)]));
  const found = await views.getMany(mcpContractList, [...ids.values()]);
  return new Map([...ids].flatMap(([id, contractId]) => [found.get(contractId)].flatMap((one) => (one ? [[id, one] as const] : []))));
};

type ChoiceEvent = EventOf<(typeof mcpChoiceEvents)[number]>;

/** What the principal has chosen, as the log has it now. */
export async function choicesOf({ events, principal }: Pick<QueryContext, 'events' | 'principal'>): Promise<McpChoices> {
  const stored: ChoiceEvent[] = [];
  for await (const event of events(mcpChoiceStream(principal.id))) stored.push(event as unknown as ChoiceEvent);
  return fold(mcpChoices, stored);
}

/** Undefined where its key is gone. */
export async function snapshotOf({ openDeep }: Pick<QueryContext, 'openDeep'>, sealed: SealedJson): Promise<ContractSnapshot | undefined> {
  const { opened } = await openDeep({ opened: sealed });
  return isUnopened(opened) ? undefined : ContractSnapshot.parse((opened as unknown as { snapshot: unknown }).snapshot);
}
