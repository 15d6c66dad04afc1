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

/** What a careful client does: repeats what was not answered with the same key, and resumes what was cut off. */
export function createClient(url: () => string, over: AbortSignal) {
  const sent: Sent[] = [];
  const broken: string[] = [];
  let resumed = 0;

  /** Repeats until the server has answered; the answer is an acknowledgement. */
  const post = async (path: string, body: object, key: string): Promise<Record<string, string>> => {
    for (;;) {
      try {
        const response = await fetch(url() + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(10_000),
        });
        if (response.ok) return (await response.json()) as Record<string, string>;
        if (response.status < 500 && response.status !== 409) throw new Refused(`${path}: ${response.status} ${await response.text()}`);
      } catch (error) {
        if (error instanceof Refused) throw error;
      }
      await sleep(25);
    }
  };

  const open = async (name: string): Promise<string> => (await post('/api/conversations', {}, `${name} opens`)).conversationId ?? '';
  const note = (messageId: string | undefined, what: string): void => void sent.push({ messageId: messageId ?? '', what });

  /** Reads one run's stream from its beginning, again after each cut, until its end; the text seen last must be the text stored. */
  const follow = async (conversationId: string, runId: string): Promise<{ text: string; outcome: string }> => {
    for (let attempt = 0; ; attempt++) {
      let text = '';
      try {
        const response = await fetch(`${url()}/api/conversations/${conversationId}/runs/${runId}/stream`, { signal: AbortSignal.timeout(60_000) });
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
      await sleep(25);
    }
  };

  const stored = async (conversationId: string, messageId: string): Promise<string> => {
    for (;;) {
      try {
        const response = await fetch(`${url()}/api/conversations/${conversationId}/messages?limit=200`, { signal: AbortSignal.timeout(10_000) });
        const { messages } = (await response.json()) as { messages: { id: string; status: string; parts: { type: string; text?: string }[] }[] };
        const message = messages.find(({ id }) => id === messageId);
        if (message && !['requested', 'streaming'].includes(message.status))
          return message.parts.flatMap(({ type, text }) => (type === 'text' ? [text] : [])).join('');
      } catch {
        // The server was killed: try again.
      }
      await sleep(25);
    }
  };

  return {
    sent,
    broken,
    resumed: () => resumed,
    async write(name: string): Promise<void> {
      const conversationId = await open(name);
      for (let count = 0; !over.aborted; count++) {
        const { messageId } = await post(
          `/api/conversations/${conversationId}/messages`,
          { parts: [{ type: 'text', text: `${name} ${count}` }], reply: false },
          `${name} ${count} ${randomUUID()}`,
        );
        note(messageId, `${name} ${count}`);
      }
    },
    async chat(name: string): Promise<void> {
      const conversationId = await open(name);
      for (let count = 0; !over.aborted; count++) {
        const text = `/long 60\n/pace 10\n${name} ${count}`;
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
      }
    },
  };
}

class Refused extends Error {}
