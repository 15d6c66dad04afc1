import type { Loader } from '../adapters/event-store/loader.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { Models } from '../adapters/model-provider/port.ts';
import type { Tell } from '../commands/command.ts';
import { titleConversation } from '../commands/conversation.ts';
import { annals } from '../commands/settle-active-run.ts';
import { mayProcess } from '../commands/standing.ts';
import { endTitleCall, startTitleCall } from '../commands/title.ts';
import { conversationStream, conversations, MessageSent } from '../domain/conversation/index.ts';
import { type EventOf, isUnopened } from '../domain/event.ts';
import type { Part, Usage } from '../domain/message.ts';
import type { CallModel } from './keyed-models.ts';
import { done, type Reaction, verdictOf } from './reaction.ts';

interface TitleParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly sealer: Sealer;
  readonly models: Models;
  readonly callModel: CallModel;
}

const SYSTEM =
  'Write a title for a conversation that begins with the following message. At most six words, no quotation marks, no full stop, in the language of the message. Answer only the title.';
const MAX_LENGTH = 80;
const MAX_INPUT = 2000;

/** The first message of a thread without a title brings one: the model's, or the message's first words when the model has none. */
export function createTitles({ tell, loader, sealer, models, callModel }: TitleParts): Reaction {
  return {
    name: 'title',
    types: [MessageSent.type],
    from: 'start',
    handle: async (recorded, signal) => {
      const event = recorded as unknown as EventOf<typeof MessageSent>;
      const { conversationId, height, role } = event.data;
      if (height !== 0 || role !== 'user') return done;
      const { state } = await loader.load(conversationStream(conversationId), conversations);
      // Nothing is called because of an import.
      if (state.titledBy !== undefined || state.status === 'deleted' || state.imported !== undefined) return done;
      if (!(await mayProcess(loader, event.metadata.subject))) return done;
      const owner = annals(event.metadata.subject);
      const options = { causationId: event.id, correlationId: event.metadata.$correlationId };
      const opened = await sealer.open(event.data.sealed, event.id);
      if (isUnopened(opened)) return done;
      const text = (opened as { parts: Part[] }).parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
      const model = await models.defaultModel();
      const started = await tell(owner, startTitleCall({ conversationId, model }), options);
      if (!started.ok) return verdictOf(started.error);
      const { title, usage, error } = await ask(
        (request) => callModel({ person: event.metadata.subject, conversationId }, model, request),
        text.slice(0, MAX_INPUT),
        signal,
      );
      if (signal.aborted && error !== undefined) return { verb: 'retry', reason: error, unlimited: true };
      const fitting = tidy(title) || firstWords(text);
      const told = fitting ? await tell(owner, titleConversation({ conversationId, title: fitting }), options) : undefined;
      await tell(owner, endTitleCall({ conversationId, model, titled: told?.ok === true, usage, error }), options);
      return done;
    },
  };
}

async function ask(
  call: (request: Parameters<CallModel>[2]) => ReturnType<CallModel>,
  text: string,
  signal: AbortSignal,
): Promise<{ title: string; usage?: Usage; error?: string }> {
  let title = '';
  let usage: Usage | undefined;
  try {
    const request = {
      system: SYSTEM,
      messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text }] }],
      settings: { maxOutputTokens: 60 },
      signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
    };
    for await (const chunk of call(request)) {
      if (chunk.type === 'text') title += chunk.text;
      if (chunk.type === 'usage') usage = { ...chunk.usage };
    }
    return { title, usage };
  } catch (error) {
    return { title: '', usage, error: error instanceof Error ? error.message : 'failed' };
  }
}

const tidy = (title: string): string => shorten(title.split('\n')[0] ?? '').replace(/^["'“„«]+|["'”“»]+$/g, '');
/** The demonstration's directives are no words of the person. */
const firstWords = (text: string): string =>
  shorten(
    text
      .split('\n')
      .filter((line) => !line.startsWith('/'))
      .join(' ')
      .split(/\s+/)
      .slice(0, 8)
      .join(' '),
  );
const shorten = (text: string): string => {
  const trimmed = text.trim();
  return trimmed.length <= MAX_LENGTH ? trimmed : `${trimmed.slice(0, MAX_LENGTH - 1).trimEnd()}…`;
};
