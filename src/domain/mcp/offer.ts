import { isChosen, type McpChoices, type ToolPlace } from './choice.ts';
import type { PinnedTool } from './contract.ts';
import { policyOf, whyWithheld } from './policy.ts';
import type { McpPolicy, RingServer } from './server.ts';

/** What persons call the server of the tools that Annals itself has, where they allow, deny or switch off tools. */
export const BUILT_IN_SERVER = 'mcp_built_in';

/** One tool of one server, and how it stands for one person at one place. */
export interface StandingTool {
  /** Of its name. */
  readonly tag: string;
  readonly hash: string;
  readonly policy: McpPolicy;
  readonly hints: PinnedTool['hints'];
  readonly withheld?: 'gone' | 'quarantined' | 'denied' | 'disabled' | 'off';
}

/** All tools of a server's contract, each with what a model may do with it. */
export function standingTools(
  server: Pick<RingServer, 'serverId' | 'policies' | 'enabled'>,
  tools: ReadonlyMap<string, PinnedTool>,
  choices: McpChoices,
  place: ToolPlace,
): readonly StandingTool[] {
  return [...tools].map(([tag, tool]) => {
    const policy = policyOf(server, choices, tag, tool);
    const withheld = server.enabled ? whyWithheld(tool, policy, isChosen(choices, server.serverId, tag, place)) : 'off';
    return { tag, hash: tool.current ?? tool.pinned, policy, hints: tool.hints, ...(withheld === undefined ? {} : { withheld }) };
  });
}
