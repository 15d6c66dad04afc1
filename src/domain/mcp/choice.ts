import { z } from 'zod';
import { type Decider, refuse } from '../decider.ts';
import { type EventOf, event, sealed } from '../event.ts';
import { ConversationId } from '../ids.ts';
import { type Tag, toolTag } from './names.ts';
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
  /** What was ever said something of, taken back or not. */
  readonly spoken: Set<string>;
}

/** Names of tools of one server that an update has given others, the oldest first. */
export type Renamed = readonly Readonly<Record<string, string>>[];

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
  initialState: () => ({ enabled: new Map(), policies: new Map(), spoken: new Set() }),
  evolve: (state, { type, data }) => {
    const put = <Value>(map: Map<string, Value>, key: string, value: Value | null): void => {
      state.spoken.add(key);
      if (value === null) map.delete(key);
      else map.set(key, value);
    };
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
      const key = choiceKey(scope, serverId, of.toolTag);
      return state.spoken.has(key) && (state.enabled.get(key) ?? null) === enabled ? [] : [McpToolsChosen({ ...of, scope, enabled })];
    }
    const { policy } = command;
    const key = toolKey(serverId, of.toolTag);
    return state.spoken.has(key) && (state.policies.get(key) ?? null) === policy ? [] : [McpToolPolicySet({ ...of, policy })];
  },
};

/**
 * As if what somebody chose of a tool had been said of the one that has taken its place, unless that was said something of itself. Nothing is written to
 * anybody's choices: with an update that is undone its names go, and so does this.
 */
export function carriedOver(choices: McpChoices, serverId: string, renamed: Renamed, tag: Tag): McpChoices {
  if (renamed.every((names) => Object.keys(names).length === 0)) return choices;
  const carried = { ...choices, enabled: new Map(choices.enabled), policies: new Map(choices.policies) };
  const keyOf = (tool: string): string => toolKey(serverId, toolTag(tag, serverId, tool));
  const carry = <Value>(map: Map<string, Value>, from: string, to: string): void => {
    for (const [key, value] of [...map]) {
      if (!key.endsWith(from)) continue;
      const other = `${key.slice(0, -from.length)}${to}`;
      if (!choices.spoken.has(other)) map.set(other, value);
    }
  };
  for (const names of renamed)
    for (const [from, to] of Object.entries(names)) {
      carry(carried.policies, keyOf(from), keyOf(to));
      carry(carried.enabled, ` ${keyOf(from)}`, ` ${keyOf(to)}`);
    }
  return carried;
}

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
