import { z } from 'zod';
import { type Decider, refuse } from '../decider.ts';
import { type EventOf, event, sealed } from '../event.ts';
import { ConversationId } from '../ids.ts';
import { toolTag } from './names.ts';
import { McpPolicy, McpServerId } from './server.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** What a choice is about: one thread, one model, or everything of this person. The narrower one counts. */
export const ChoiceScope = z.strictObject({ conversation: ConversationId.optional(), model: z.string().min(1).max(200).optional() });
export type ChoiceScope = z.output<typeof ChoiceScope>;

/** The name of the tool is sealed; version 1 has nothing sealed. */
const of = { serverId: McpServerId, toolTag: z.string().nullable(), ...sealed({ tool: z.string().nullable() }) };
/** Whether the tools of a server, or one of them, are offered; null takes the choice back. */
export const McpToolsChosen = event('McpToolsChosen', 2, { ...of, scope: ChoiceScope, enabled: z.boolean().nullable() });
/** What happens when a model wants to call them; null takes it back. */
export const McpToolPolicySet = event('McpToolPolicySet', 2, { ...of, policy: McpPolicy.nullable() });

export const mcpChoiceEvents = [McpToolsChosen, McpToolPolicySet] as const;
type McpChoiceEvent = EventOf<(typeof mcpChoiceEvents)[number]>;

/** What one person has chosen. */
export interface McpChoices {
  readonly enabled: Map<string, boolean>;
  readonly policies: Map<string, McpPolicy>;
}

export type McpChoiceCommand =
  | { name: 'chooseMcpTools'; scope: ChoiceScope; serverId: string; tool: string | null; enabled: boolean | null }
  | { name: 'setMcpToolPolicy'; serverId: string; tool: string | null; policy: McpPolicy | null };

export const mcpChoiceStream = (person: string): string => `mcpchoices-${person}`;

const scopeKey = ({ conversation, model }: ChoiceScope): string =>
  conversation !== undefined ? `conversation ${conversation}` : model !== undefined ? `model ${model}` : 'person';
const toolKey = (serverId: string, tagged: string | null): string => `${serverId} ${tagged ?? ''}`;
const choiceKey = (scope: ChoiceScope, serverId: string, tagged: string | null): string => `${scopeKey(scope)} ${toolKey(serverId, tagged)}`;

const MOST_CHOICES = 20_000;

export const mcpChoices: Decider<McpChoices, McpChoiceCommand, McpChoiceEvent> = {
  initialState: () => ({ enabled: new Map(), policies: new Map() }),
  evolve: (state, { type, data }) => {
    const put = <Value>(map: Map<string, Value>, key: string, value: Value | null): void =>
      void (value === null ? map.delete(key) : map.set(key, value));
    if (type === 'McpToolsChosen') put(state.enabled, choiceKey(data.scope, data.serverId, data.toolTag), data.enabled);
    else put(state.policies, toolKey(data.serverId, data.toolTag), data.policy);
    return state;
  },
  decide: (command, state, { tag }) => {
    const { serverId, tool } = command;
    const of = { serverId, toolTag: toolTag(tag, serverId, tool), tool };
    if (state.enabled.size + state.policies.size >= MOST_CHOICES) return refuse('TooManyChoices', 'Take back some of your choices first.');
    if (command.name === 'chooseMcpTools') {
      const { scope, enabled } = command;
      return (state.enabled.get(choiceKey(scope, serverId, of.toolTag)) ?? null) === enabled ? [] : [McpToolsChosen({ ...of, scope, enabled })];
    }
    const { policy } = command;
    return (state.policies.get(toolKey(serverId, of.toolTag)) ?? null) === policy ? [] : [McpToolPolicySet({ ...of, policy })];
  },
};

/** Where the question comes up whether a tool is offered. */
export interface ToolPlace {
  readonly model?: string;
  readonly conversation?: string;
}

/** Of the tool of that tag, the narrowest choice that there is: thread, model, person; within each the tool's before the server's. Offered where nobody chose. */
export function isChosen({ enabled }: McpChoices, serverId: string, tagged: string, { model, conversation }: ToolPlace): boolean {
  const scopes: ChoiceScope[] = [
    ...(conversation === undefined ? [] : [{ conversation: conversation as ConversationId }]),
    ...(model === undefined ? [] : [{ model }]),
    {},
  ];
  for (const scope of scopes) {
    const choice = enabled.get(choiceKey(scope, serverId, tagged)) ?? enabled.get(choiceKey(scope, serverId, null));
    if (choice !== undefined) return choice;
  }
  return true;
}

/** Of the tool of that tag; null: of all of the server's. */
export const personalPolicy = ({ policies }: McpChoices, serverId: string, tagged: string | null): McpPolicy | undefined =>
  policies.get(toolKey(serverId, tagged));
