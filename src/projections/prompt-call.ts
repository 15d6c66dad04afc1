import { z } from 'zod';
import type { Loader } from '../adapters/event-store/loader.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { Expansion } from '../domain/conversation/index.ts';
import { type Refusal, refuse } from '../domain/decider.ts';
import { isUnopened, type JsonObject, type Sealed } from '../domain/event.ts';
import type { Part } from '../domain/message.ts';
import type { Principal } from '../domain/principal.ts';
import {
  effectiveVersion,
  expand,
  missingArguments,
  PromptContent,
  type PromptMessage,
  shelfStream,
  shelvedAs,
  shelves,
  slashCall,
  slashValues,
  tagText,
} from '../domain/prompt/index.ts';
import { resourceShares, shareStream } from '../domain/resource-share.ts';
import { usable, visiblePrompts } from './prompt-reading.ts';
import type { Views } from './query.ts';

export interface PromptCallParts {
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly views: Views;
  /** As the dispatcher makes it: what a name is recognised by. */
  readonly tag: (text: string) => string;
}

const Said = z.object({ content: PromptContent });

interface Called {
  readonly promptId: string;
  readonly version?: number;
  readonly content: PromptContent;
}

/** For messages that begin with `/name`: adds to the command which prompt that is, and what the model is told in its place. What is typed stays as it is. */
export function preparePromptCall(parts: PromptCallParts): (principal: Principal, input: JsonObject) => Promise<JsonObject | Refusal> {
  return async (principal, input) => {
    const typed = (input.parts as Part[]).find((part) => part.type === 'text');
    const call = typed && slashCall(typed.text);
    const called = call && ((await onOwnShelf(parts, principal, call.name)) ?? (await elsewhere(parts, principal, call.name)));
    if (!call || !called) return input;
    const { promptId, version, content } = called;
    const { values, left } = slashValues(call.rest, content.arguments);
    const missing = missingArguments(content, values);
    if (missing.length > 0) return refuse('PromptArgumentsMissing', sentenceFor(call.name, missing), { promptId, missing: [...missing] });
    const rest: PromptMessage[] = left === '' ? [] : [{ role: 'user', content: { type: 'text', text: left } }];
    const messages = [...expand(content, values), ...rest];
    const expansion: Expansion = { promptId, name: call.name, values, messages, ...(version === undefined ? {} : { version }) };
    return { ...input, expansion };
  };
}

const sentenceFor = (name: string, missing: readonly string[]): string =>
  `/${name} needs ${missing.join(' and ')}: write /${name} ${missing.map((argument) => `${argument}="…"`).join(' ')}.`;

/** From the stream itself: a prompt can be called as soon as it has been stored. */
async function onOwnShelf({ loader, store, sealer, tag }: PromptCallParts, principal: Principal, name: string): Promise<Called | undefined> {
  const stream = shelfStream(principal.onBehalfOf ?? principal.id);
  const { state } = await loader.load(stream, shelves);
  const prompt = shelvedAs(state, tag(tagText(name)));
  const version = prompt && effectiveVersion(prompt);
  const place = version === undefined ? undefined : prompt?.contents.get(version);
  if (!prompt || version === undefined || !place) return undefined;
  for await (const event of store.read(stream, { from: place.revision, max: 1 })) {
    const opened = await sealer.open(event.data.sealed as unknown as Sealed, event.id);
    return isUnopened(opened) ? undefined : { promptId: prompt.promptId, version, content: Said.parse(opened).content };
  }
  return undefined;
}

const sharesOf = async (loader: Loader, id: string) => (await loader.load(shareStream(id), resourceShares)).state.shares;

async function elsewhere({ views, sealer, loader }: PromptCallParts, principal: Principal, name: string): Promise<Called | undefined> {
  const all = await visiblePrompts({ principal, views, openDeep: sealer.openDeep, shares: (id) => sharesOf(loader, id) });
  const found = usable(all.filter(({ source }) => source !== 'own')).find((prompt) => prompt.name === name);
  return found && { promptId: found.id, content: found.content, ...(found.version === null ? {} : { version: found.version }) };
}
