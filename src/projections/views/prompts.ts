import { MessageSent } from '../../domain/conversation/index.ts';
import type { JsonObject } from '../../domain/event.ts';
import { PromptCreated, PromptDeleted, PromptRevised, PromptRolledBack, type PromptVisibility, promptEvents } from '../../domain/prompt/index.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** One prompt of somebody's. What it is called and says stays sealed; what its versions say is in the view beside it. */
export interface PromptDoc extends JsonObject {
  owner: string;
  visibility: PromptVisibility;
  archived: boolean;
  name: SealedJson;
  latest: number;
  pinned: number | null;
  uses: number;
  lastUsedAt: string | null;
  createdAt: string;
  updatedAt: string;
}

const types = [...promptEvents, MessageSent] as const;

export const prompts = view<PromptDoc, (typeof types)[number]>({
  name: 'prompts',
  version: 1,
  types,
  indexes: [['owner', 'createdAt'], ['visibility']],
  keys: ({ data }) => (data.promptId === undefined ? [] : [data.promptId]),
  fold: (doc, event) => {
    const { time, subject } = event.metadata;
    if (event.type === 'PromptCreated') {
      return {
        owner: subject,
        visibility: 'private',
        archived: false,
        name: sealedJson(event.data.sealed),
        latest: 1,
        pinned: null,
        uses: 0,
        lastUsedAt: null,
        createdAt: time,
        updatedAt: time,
      };
    }
    if (!doc) return undefined;
    const used = (count: number, at: string): PromptDoc => ({
      ...doc,
      uses: doc.uses + count,
      lastUsedAt: doc.lastUsedAt !== null && doc.lastUsedAt > at ? doc.lastUsedAt : at,
    });
    switch (event.type) {
      case 'PromptRevised':
      case 'PromptRolledBack':
        return { ...doc, latest: event.data.version, updatedAt: time };
      case 'PromptRenamed':
        return { ...doc, name: sealedJson(event.data.sealed), updatedAt: time };
      case 'PromptPinned':
        return { ...doc, pinned: event.data.version, updatedAt: time };
      case 'PromptVisibilitySet':
        return { ...doc, visibility: event.data.visibility, updatedAt: time };
      case 'PromptArchived':
      case 'PromptUnarchived':
        return { ...doc, archived: event.type === 'PromptArchived', updatedAt: time };
      case 'PromptDeleted':
        return 'delete';
      case 'PromptUsed':
        return used(event.data.count, event.data.to);
      case 'MessageSent':
        return used(1, time);
      default:
        event satisfies never;
        return undefined;
    }
  },
});

/** One version of a prompt: what it says, or which version says it. */
export interface PromptVersionDoc extends JsonObject {
  promptId: string;
  owner: string;
  version: number;
  /** The version whose content it has: itself, but for what was rolled back. */
  content: number;
  sealed: SealedJson | null;
  actor: string;
  createdAt: string;
}

const versionTypes = [PromptCreated, PromptRevised, PromptRolledBack, PromptDeleted] as const;

/** Its place in the view. */
export const versionKey = (promptId: string, version: number): string => `${promptId}/${version}`;

export const promptVersions = view<PromptVersionDoc, (typeof versionTypes)[number]>({
  name: 'prompt-versions',
  version: 1,
  types: versionTypes,
  indexes: [['promptId', 'version']],
  keys: ({ type, data }) => {
    if (type === 'PromptDeleted') return [{ index: 'promptId', value: data.promptId }];
    return [versionKey(data.promptId, type === 'PromptCreated' ? 1 : data.version)];
  },
  fold: (_doc, { type, data, metadata }) => {
    if (type === 'PromptDeleted') return 'delete';
    const { promptId } = data;
    const said = { promptId, owner: metadata.subject, actor: metadata.actor, createdAt: metadata.time };
    if (type === 'PromptRolledBack') return { ...said, version: data.version, content: data.content, sealed: null };
    const version = type === 'PromptCreated' ? 1 : data.version;
    return { ...said, version, content: version, sealed: sealedJson(data.sealed) };
  },
});
