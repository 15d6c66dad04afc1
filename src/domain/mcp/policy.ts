import { type McpChoices, personalPolicy } from './choice.ts';
import { isQuarantined, type PinnedTool } from './contract.ts';
import type { McpPolicy, RingServer } from './server.ts';

const strictness: Readonly<Record<McpPolicy, number>> = { deny: 2, ask: 1, allow: 0 };
const strictest = (policies: readonly (McpPolicy | undefined)[]): McpPolicy | undefined =>
  policies
    .filter((policy) => policy !== undefined)
    .toSorted((a, b) => strictness[b] - strictness[a])
    .at(0);

/**
 * Deny, then ask, then allow, whoever said it; where nobody did: ask. What allows a whole server does not allow what came later, nor what the server
 * itself calls destructive: such a tool has to be named.
 */
export function policyOf(
  server: Pick<RingServer, 'serverId' | 'policies'>,
  choices: McpChoices,
  tagged: string,
  tool: Pick<PinnedTool, 'trust' | 'hints'>,
): McpPolicy {
  const general = strictest([server.policies.get(''), personalPolicy(choices, server.serverId, null)]);
  const named = strictest([server.policies.get(tagged), personalPolicy(choices, server.serverId, tagged)]);
  const stated = strictest([general, named]) ?? 'ask';
  return stated === 'allow' && named !== 'allow' && (tool.hints.destructive || tool.trust === 'later') ? 'ask' : stated;
}

/** Why a tool is not offered at all, or undefined. */
export function whyWithheld(tool: PinnedTool, policy: McpPolicy, chosen: boolean): 'gone' | 'quarantined' | 'denied' | 'disabled' | undefined {
  if (tool.current === undefined) return 'gone';
  if (isQuarantined(tool)) return 'quarantined';
  if (policy === 'deny') return 'denied';
  return chosen ? undefined : 'disabled';
}
