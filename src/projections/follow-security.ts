import type { DocumentStore } from '../adapters/document-store/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { DomainError } from '../domain/decider.ts';
import { personStream, persons } from '../domain/person.ts';
import type { Principal } from '../domain/principal.ts';
import { documentsAfter } from './documents-after.ts';
import type { Progress } from './progress.ts';
import { auditorsOnly } from './queries/policy.ts';
import { type SecurityItem, securityItem } from './queries/security-item.ts';
import { security } from './views/security.ts';

export interface FollowSecurityParts {
  readonly loader: Loader;
  readonly documents: DocumentStore;
  readonly progress: Progress;
  readonly sealer: Sealer;
}
interface Item {
  readonly cursor: string;
  readonly item: SecurityItem;
}

/** The feed for alerting: what is noted and found, from a place on, for as long as whoever follows may see it. */
export function followSecurity(
  parts: FollowSecurityParts,
  principal: Principal,
  { after, signal }: { readonly after: string; readonly signal: AbortSignal },
): { readonly ok: true; readonly items: AsyncIterable<Item> } | { readonly ok: false; readonly error: DomainError } {
  const decision = auditorsOnly({ principal, input: undefined });
  if (decision !== 'allow')
    return {
      ok: false,
      error: decision === 'notFound' ? { code: 'NotFound', message: 'There is no such thing here, or it is not yours.' } : decision,
    };
  /** As the log has it now: a role that was taken away ends it. */
  const now = async (): Promise<Principal> => {
    const { registered, roles } = (await parts.loader.load(personStream(principal.id), persons)).state;
    return registered ? { ...principal, roles: principal.roles.filter((role) => roles.includes(role)) } : principal;
  };
  const goesOn = async (): Promise<boolean> => auditorsOnly({ principal: await now(), input: undefined }) === 'allow';
  const items = async function* (): AsyncGenerator<Item> {
    for await (const document of documentsAfter(parts, security, { filter: {}, after, signal, goesOn }))
      yield { cursor: document.position, item: await securityItem(document, await now(), parts.sealer.open) };
  };
  return { ok: true, items: items() };
}
