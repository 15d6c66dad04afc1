import { isChosen, type McpChoices, type ToolPlace } from './choice.ts';
import type { PinnedTool } from './contract.ts';
import { policyOf, whyWithheld } from './policy.ts';
import type { McpPolicy, RingServer } from './server.ts';

/** What persons call the server of the tools that Annals itself has, where they allow, deny or switch off tools. */
export const BUILT_IN_SERVER = 'mcp_built_in';

/** One tool of one server, and how it stands for one person at one place. */
export interface StandingTool {
  readonly tool: string;
  readonly hash: string;
  readonly policy: McpPolicy;
  readonly hints: PinnedTool['hints'];
  readonly withheld?: 'gone' | 'quarantined' | 'denied' | 'disabled' | 'off';
}

/** All tools of a server's contract, in order of name, each with what a model may do with it. */
export function standingTools(
  server: Pick<RingServer, 'serverId' | 'policies' | 'enabled'>,
  tools: ReadonlyMap<string, PinnedTool>,
  choices: McpChoices,
  place: ToolPlace,
): readonly StandingTool[] {
  return [...tools]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, tool]) => {
      const policy = policyOf(server, choices, name, tool);
      const withheld = server.enabled ? whyWithheld(tool, policy, isChosen(choices, server.serverId, name, place)) : 'off';
      return { tool: name, hash: tool.current ?? tool.pinned, policy, hints: tool.hints, ...(withheld === undefined ? {} : { withheld }) };
    });
}
