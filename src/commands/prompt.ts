import { z } from 'zod';
import type { RecordedEvent } from '../domain/event.ts';
import { IsoTime, type PersonId } from '../domain/ids.ts';
import type { Principal } from '../domain/principal.ts';
import {
  PromptContent,
  PromptId,
  PromptName,
  PromptVersion,
  PromptVisibility,
  promptUseStream,
  promptUses,
  type Shelf,
  shelfStream,
  shelves,
} from '../domain/prompt/index.ts';
import { command, firstDataOf, type Policy } from './command.ts';
import { administratorsOnly, annalsOnly, namedPerson, ownerOnly } from './policy.ts';

const personOf = ({ id, onBehalfOf }: Principal): PersonId => onBehalfOf ?? id;
const target = { promptId: PromptId };
/** A prompt is looked for on no shelf but the asker's own. */
const shelf = { stream: (_input: unknown, principal: Principal) => shelfStream(personOf(principal)), aggregate: shelves };
const owned = { ...shelf, policy: ownerOnly as Policy<unknown, Shelf> };

export const createPrompt = command('createPrompt', {
  input: z.object({ promptName: PromptName, content: PromptContent }),
  ...shelf,
  policy: namedPerson,
  subject: (_input, principal) => personOf(principal),
  result: (events: readonly RecordedEvent[]) => ({ promptId: firstDataOf<{ promptId: string }>(events).promptId }),
});

const versioned = {
  result: (events: readonly RecordedEvent[]) => ({ version: firstDataOf<{ version?: number } | undefined>(events)?.version ?? null }),
};
export const revisePrompt = command('revisePrompt', { input: z.object({ ...target, content: PromptContent }), ...owned, ...versioned });
/** A new version that says again what an old one said. */
export const rollBackPrompt = command('rollBackPrompt', { input: z.object({ ...target, version: PromptVersion }), ...owned, ...versioned });
export const renamePrompt = command('renamePrompt', { input: z.object({ ...target, promptName: PromptName }), ...owned });
export const pinPrompt = command('pinPrompt', { input: z.object({ ...target, version: PromptVersion.nullable() }), ...owned });
/** An administrator shows one of its own prompts to everybody. */
export const setPromptVisibility = command('setPromptVisibility', {
  input: z.object({ ...target, visibility: PromptVisibility }),
  ...shelf,
  policy: administratorsOnly as Policy<unknown, Shelf>,
});
const simple = (name: string) => command(name, { input: z.object(target), ...owned });
export const archivePrompt = simple('archivePrompt');
export const unarchivePrompt = simple('unarchivePrompt');
export const deletePrompt = simple('deletePrompt');

/** Uses that were counted. */
export const recordPromptUse = command('recordPromptUse', {
  input: z.object({ ...target, owner: z.string(), count: z.number().int().positive(), from: IsoTime, to: IsoTime }),
  stream: ({ promptId, to }) => promptUseStream(promptId, to.slice(0, 10)),
  policy: annalsOnly,
  aggregate: promptUses,
  subject: ({ owner }) => owner as PersonId,
});
