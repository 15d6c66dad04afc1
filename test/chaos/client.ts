import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Sent {
  readonly messageId: string;
  /** In words, for whoever reads the report. */
  readonly what: string;
}

interface Item {
  readonly type: string;
  readonly id?: string;
  readonly delta?: string;
  readonly outcome?: string;
}

export interface ClientOptions {
  /** Where it is to turn to now. */
  readonly url: () => string;
  /** No new work from then on. */
  readonly over: AbortSignal;
  /** Whatever still waits for an answer then rejects. */
  readonly giveUp?: AbortSignal;
  /** Hears that it got no answer there. */
  readonly failed?: () => void;
  /** A writer pauses for so long between two messages, a chat between two answers. */
  readonly paceMs?: number;
  /** Of how many words an answer is, and how long each takes; 60 of 10 ms by default. */
  readonly words?: number;
  readonly wordMs?: number;
  /** How long it waits for the answer to one request; 10 s by default. */
  readonly patienceMs?: number;
}

/** What a careful client does: repeats what was not answered with the same key, and resumes what was cut off. */
export function createClient({
  url,
  over,
  giveUp,
  failed = () => undefined,
  paceMs = 0,
  words = 60,
  wordMs = 10,
  patienceMs = 10_000,
}: ClientOptions) {
  const sent: Sent[] = [];
  const broken: string[] = [];
  let resumed = 0;

  const pause = async (): Promise<void> => {
    if (paceMs > 0) await sleep(paceMs, undefined, { signal: over }).catch(() => undefined);
  };

  /** Repeats until the server has answered; the answer is an acknowledgement. */
  const post = async (path: string, body: object, key: string): Promise<Record<string, string>> => {
    for (;;) {
      giveUp?.throwIfAborted();
      try {
        const response = await fetch(url() + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(patienceMs),
        });
        if (response.ok) return (await response.json()) as Record<string, string>;
        if (response.status < 500 && response.status !== 409) throw new Refused(`${path}: ${response.status} ${await response.text()}`);
      } catch (error) {
        if (error instanceof Refused) throw error;
      }
      failed();
      await sleep(25);
    }
  };

  const open = async (name: string): Promise<string> => (await post('/api/conversations', {}, `${name} opens`)).conversationId ?? '';
  const note = (messageId: string | undefined, what: string): void => void sent.push({ messageId: messageId ?? '', what });

  /** Reads one run's stream from its beginning, again after each cut, until its end; the text seen last must be the text stored. */
  const follow = async (conversationId: string, runId: string): Promise<{ text: string; outcome: string }> => {
    for (let attempt = 0; ; attempt++) {
      giveUp?.throwIfAborted();
      let text = '';
      try {
        const response = await fetch(`${url()}/api/conversations/${conversationId}/runs/${runId}/stream`, {
          signal: AbortSignal.timeout(patienceMs * 6),
        });
        let rest = '';
        for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
          const frames = (rest + chunk).split('\n\n');
          rest = frames.pop() ?? '';
          for (const frame of frames) {
            const line = frame.split('\n').find((each) => each.startsWith('data: '));
            if (!line || line === 'data: [DONE]') continue;
            const item = JSON.parse(line.slice(6)) as Item;
            if (item.type === 'text') text += item.delta ?? '';
            if (item.type === 'finish') {
              if (attempt > 0) resumed++;
              return { text, outcome: item.outcome ?? '' };
            }
          }
        }
      } catch {
        // The server was killed: try again.
      }
      failed();
      await sleep(25);
    }
  };

  const stored = async (conversationId: string, messageId: string): Promise<string> => {
    for (;;) {
      giveUp?.throwIfAborted();
      try {
        const response = await fetch(`${url()}/api/conversations/${conversationId}/messages?limit=200`, { signal: AbortSignal.timeout(patienceMs) });
        const { messages } = (await response.json()) as { messages: { id: string; status: string; parts: { type: string; text?: string }[] }[] };
        const message = messages.find(({ id }) => id === messageId);
        if (message && !['requested', 'streaming'].includes(message.status))
          return message.parts.flatMap(({ type, text }) => (type === 'text' ? [text] : [])).join('');
      } catch {
        failed();
      }
      await sleep(25);
    }
  };

  return {
    sent,
    broken,
    resumed: () => resumed,
    /** Asks something short in a conversation of its own; how its answer ended. */
    async ask(name: string): Promise<string> {
      const conversationId = await open(name);
      const body = { parts: [{ type: 'text', text: `/echo ${name}` }], reply: true };
      const { runId = '' } = await post(`/api/conversations/${conversationId}/messages`, body, name);
      return (await follow(conversationId, runId)).outcome;
    },
    async write(name: string): Promise<void> {
      const conversationId = await open(name);
      for (let count = 0; !over.aborted; count++) {
        const { messageId } = await post(
          `/api/conversations/${conversationId}/messages`,
          { parts: [{ type: 'text', text: `${name} ${count}` }], reply: false },
          `${name} ${count} ${randomUUID()}`,
        );
        note(messageId, `${name} ${count}`);
        await pause();
      }
    },
    async chat(name: string): Promise<void> {
      const conversationId = await open(name);
      for (let count = 0; !over.aborted; count++) {
        const text = `/long ${words}\n/pace ${wordMs}\n${name} ${count}`;
        const {
          messageId,
          runId = '',
          replyId = '',
        } = await post(
          `/api/conversations/${conversationId}/messages`,
          { parts: [{ type: 'text', text }], reply: true, onActive: 'stop' },
          `${name} ${count}`,
        );
        note(messageId, `${name} ${count}`);
        const seen = await follow(conversationId, runId);
        const kept = await stored(conversationId, replyId);
        if (seen.text !== kept)
          broken.push(
            `${runId} (${seen.outcome}) was streamed as ${JSON.stringify(seen.text.slice(-80))} and stored as ${JSON.stringify(kept.slice(-80))}`,
          );
        await pause();
      }
    },
  };
}

class Refused extends Error {}
