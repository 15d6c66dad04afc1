import { z } from 'zod';
import { type Decider, type DecisionContext, type Refusal, refuse } from '../decider.ts';
import { type EventOf, event, type NewEvent, sealed } from '../event.ts';
import { IsoTime, type PersonId } from '../ids.ts';
import { PromptContent, PromptName } from './content.ts';
import { reservedNames } from './slash.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

export const PromptId = z
  .string()
  .max(128)
  .regex(/^prompt_[a-z0-9_]+$/, 'must be the id of a prompt, starting with "prompt_"');
/** To whom a prompt is shown: its owner alone, or everybody here. */
export const PromptVisibility = z.enum(['private', 'everyone']);
export type PromptVisibility = z.output<typeof PromptVisibility>;
export const PromptVersion = z.int().min(1).max(1_000_000);

const promptId = PromptId;
/** Equal names of one owner have equal tags; what the name is does not follow from it. */
const tag = z.string().max(64);
const version = PromptVersion;

/** It is version 1. */
export const PromptCreated = event('PromptCreated', 1, { promptId, tag, ...sealed({ name: PromptName, content: PromptContent }) });
export const PromptRevised = event('PromptRevised', 1, { promptId, version, ...sealed({ content: PromptContent }) });
/** A new version that says what the version `content` said. */
export const PromptRolledBack = event('PromptRolledBack', 1, { promptId, version, content: version });
export const PromptRenamed = event('PromptRenamed', 1, { promptId, tag, ...sealed({ name: PromptName }) });
/** From now on this version is used whatever comes later; null: the newest one. */
export const PromptPinned = event('PromptPinned', 1, { promptId, version: version.nullable() });
export const PromptVisibilitySet = event('PromptVisibilitySet', 1, { promptId, visibility: PromptVisibility });
export const PromptArchived = event('PromptArchived', 1, { promptId });
export const PromptUnarchived = event('PromptUnarchived', 1, { promptId });
/** For good: the key under which it was encrypted is destroyed. */
export const PromptDeleted = event('PromptDeleted', 1, { promptId });
/** Not every single use outside of chats: how many there were, and between when. */
export const PromptUsed = event('PromptUsed', 1, { promptId, count: z.int(), from: IsoTime, to: IsoTime });

export const shelfEvents = [
  PromptCreated,
  PromptRevised,
  PromptRolledBack,
  PromptRenamed,
  PromptPinned,
  PromptVisibilitySet,
  PromptArchived,
  PromptUnarchived,
  PromptDeleted,
] as const;
export const promptEvents = [...shelfEvents, PromptUsed] as const;
type ShelfEvent = EventOf<(typeof shelfEvents)[number]>;

export interface ShelvedPrompt {
  readonly promptId: string;
  tag: string;
  visibility: PromptVisibility;
  archived: boolean;
  /** The newest version. */
  latest: number;
  pinned: number | null;
  /** By version: the revision of the event that says what it says. */
  readonly contents: Map<number, { readonly content: number; readonly revision: bigint }>;
}

/** All prompts of one owner: so that they are found without any view, and no two have one name. */
export interface Shelf {
  owner?: PersonId;
  readonly prompts: Map<string, ShelvedPrompt>;
}

export type ShelfCommand =
  | { name: 'createPrompt'; promptName: string; content: PromptContent }
  | { name: 'revisePrompt'; promptId: string; content: PromptContent }
  | { name: 'rollBackPrompt'; promptId: string; version: number }
  | { name: 'renamePrompt'; promptId: string; promptName: string }
  | { name: 'pinPrompt'; promptId: string; version: number | null }
  | { name: 'setPromptVisibility'; promptId: string; visibility: PromptVisibility }
  | { name: 'archivePrompt' | 'unarchivePrompt' | 'deletePrompt'; promptId: string };

export const shelfStream = (owner: string): string => `prompts-${owner}`;

/** The version that is used: the pinned one, else the newest. */
export const effectiveVersion = ({ pinned, latest }: Pick<ShelvedPrompt, 'pinned' | 'latest'>): number => pinned ?? latest;

/** The prompt of that name that its owner can use now. */
export const shelvedAs = (shelf: Shelf, wanted: string): ShelvedPrompt | undefined =>
  [...shelf.prompts.values()].find((prompt) => prompt.tag === wanted && !prompt.archived);

/** What a name is recognised by. */
export const tagText = (name: string): string => `prompt ${name}`;

const MOST_PROMPTS = 500;
const MOST_VERSIONS = 1000;

const absent = refuse('NotFound', 'There is no such prompt here, or it is not yours.');
const noVersion = refuse('NoSuchVersion', 'This prompt has no such version.');

export const shelves: Decider<Shelf, ShelfCommand, ShelfEvent> = {
  initialState: () => ({ prompts: new Map() }),
  evolve: (shelf, event) => {
    const { promptId: id } = event.data;
    if (event.type === 'PromptCreated') {
      shelf.owner = event.metadata.subject;
      const contents = new Map([[1, { content: 1, revision: event.revision }]]);
      const { tag: of } = event.data;
      shelf.prompts.set(id, { promptId: id, tag: of, visibility: 'private', archived: false, latest: 1, pinned: null, contents });
      return shelf;
    }
    const prompt = shelf.prompts.get(id);
    if (prompt) change(shelf, prompt, event);
    return shelf;
  },
  decide: (command, shelf, context) => {
    if (command.name === 'createPrompt') return create(command, shelf, context);
    const prompt = shelf.prompts.get(command.promptId);
    return prompt ? decideOn(command, prompt, shelf, context) : absent;
  },
};

function change(shelf: Shelf, prompt: ShelvedPrompt, event: Exclude<ShelfEvent, { type: 'PromptCreated' }>): void {
  switch (event.type) {
    case 'PromptRevised':
      prompt.latest = event.data.version;
      prompt.contents.set(event.data.version, { content: event.data.version, revision: event.revision });
      break;
    case 'PromptRolledBack': {
      const { version: newest, content } = event.data;
      prompt.latest = newest;
      const said = prompt.contents.get(content);
      if (said) prompt.contents.set(newest, said);
      break;
    }
    case 'PromptRenamed':
      prompt.tag = event.data.tag;
      break;
    case 'PromptPinned':
      prompt.pinned = event.data.version;
      break;
    case 'PromptVisibilitySet':
      prompt.visibility = event.data.visibility;
      break;
    case 'PromptArchived':
      prompt.archived = true;
      break;
    case 'PromptUnarchived':
      prompt.archived = false;
      break;
    case 'PromptDeleted':
      shelf.prompts.delete(prompt.promptId);
      break;
    default:
      event satisfies never;
  }
}

type Of<Name extends ShelfCommand['name']> = Extract<ShelfCommand, { name: Name }>;
type Decision = readonly NewEvent[] | Refusal;

/** The tag of the name, or why it cannot be had. */
function named(name: string, shelf: Shelf, { tag: tagOf }: DecisionContext, except?: string): string | Refusal {
  if (reservedNames.includes(name)) return refuse('NameReserved', `The demonstration model takes /${name} for itself: choose another name.`);
  const wanted = tagOf(tagText(name));
  const taken = [...shelf.prompts.values()].some((prompt) => prompt.tag === wanted && prompt.promptId !== except);
  return taken ? refuse('NameTaken', `You have a prompt named ${name} already: change that one, or choose another name.`) : wanted;
}

function create({ promptName, content }: Of<'createPrompt'>, shelf: Shelf, context: DecisionContext): Decision {
  if (shelf.prompts.size >= MOST_PROMPTS) return refuse('TooManyPrompts', `There are ${MOST_PROMPTS} prompts already: delete one first.`);
  const wanted = named(promptName, shelf, context);
  if (typeof wanted !== 'string') return wanted;
  return [PromptCreated({ promptId: context.newId('prompt_'), tag: wanted, name: promptName, content })];
}

function decideOn(command: Exclude<ShelfCommand, Of<'createPrompt'>>, prompt: ShelvedPrompt, shelf: Shelf, context: DecisionContext): Decision {
  const { promptId: id, latest } = prompt;
  const next = latest + 1;
  switch (command.name) {
    case 'revisePrompt':
      return latest >= MOST_VERSIONS ? tooMany : [PromptRevised({ promptId: id, version: next, content: command.content })];
    case 'rollBackPrompt': {
      const said = prompt.contents.get(command.version);
      if (said === undefined) return noVersion;
      if (said.content === prompt.contents.get(latest)?.content) return [];
      return latest >= MOST_VERSIONS ? tooMany : [PromptRolledBack({ promptId: id, version: next, content: said.content })];
    }
    case 'renamePrompt': {
      const wanted = named(command.promptName, shelf, context, id);
      if (typeof wanted !== 'string') return wanted;
      return wanted === prompt.tag ? [] : [PromptRenamed({ promptId: id, tag: wanted, name: command.promptName })];
    }
    case 'pinPrompt':
      if (command.version !== null && !prompt.contents.has(command.version)) return noVersion;
      return command.version === prompt.pinned ? [] : [PromptPinned({ promptId: id, version: command.version })];
    case 'setPromptVisibility':
      return command.visibility === prompt.visibility ? [] : [PromptVisibilitySet({ promptId: id, visibility: command.visibility })];
    case 'archivePrompt':
      return prompt.archived ? [] : [PromptArchived({ promptId: id })];
    case 'unarchivePrompt':
      return prompt.archived ? [PromptUnarchived({ promptId: id })] : [];
    case 'deletePrompt':
      return [PromptDeleted({ promptId: id })];
    default:
      return command satisfies never;
  }
}
const tooMany = refuse('TooManyVersions', `There are ${MOST_VERSIONS} versions already: make a new prompt of this one.`);

export const promptUseStream = (id: string, day: string): string => `promptuse-${id}-${day}`;

/** What was counted somewhere is written down as it was counted. */
export const promptUses: Decider<null, { name: 'recordPromptUse'; promptId: string; count: number; from: string; to: string }> = {
  initialState: () => null,
  evolve: () => null,
  decide: ({ promptId: id, count, from, to }) => [PromptUsed({ promptId: id, count, from, to })],
};
