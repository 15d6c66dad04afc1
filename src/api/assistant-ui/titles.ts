import { setTimeout as sleep } from 'node:timers/promises';
import type { ConversationId } from '../../domain/ids.ts';
import { auiTitle } from '../../projections/queries/assistant-ui-runs.ts';
import { needed } from '../http/outcome.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { sendStream } from '../http/stream.ts';
import { cloudErrors, cloudRefusals, tags, threadIn } from './answers.ts';
import { TitleStreamRequest } from './wire/cloud-requests.ts';

/** How long a title is waited for, and how often it is looked for, in ms. */
const WAIT_MS = 45_000;
const EVERY_MS = 50;

export const titleRoute = (): RouteDefinition =>
  route({
    method: 'POST',
    path: '/aui/v1/runs/stream',
    summary: 'The title of a thread',
    description:
      'Streams the title once it is stored: the one that the thread has, or the one that its first message brings. Empty when there is nothing to make one of.',
    tags,
    body: TitleStreamRequest,
    errors: cloudErrors,
    responses: { 200: { description: 'The title.', contentType: 'text/plain' }, ...cloudRefusals },
    handle: async (request) => {
      const conversationId = threadIn(request.body.thread_id);
      needed(await request.ask(auiTitle({ conversationId })));
      await sendStream(request.res, {
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        signal: request.signal,
        frames: titleOf(request, conversationId),
      });
      return undefined;
    },
  });

async function* titleOf({ ask, signal }: RouteRequest, conversationId: ConversationId): AsyncGenerator<string> {
  for (let waited = 0; waited < WAIT_MS && !signal.aborted; waited += EVERY_MS) {
    const asked = await ask(auiTitle({ conversationId }));
    if (!asked.ok) return;
    if (asked.data.title !== null) return yield asked.data.title;
    if (asked.data.tried) return;
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
