import './page.ts';
import { AssistantChatTransport, useChatRuntime } from '@assistant-ui/ai-sdk';
import { type AssistantClient, AssistantCloud, AssistantRuntimeProvider, useAui } from '@assistant-ui/react';
import { lastAssistantMessageIsCompleteWithApprovalResponses } from 'ai';
import { act, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import { type Annals, createAnnals } from '../../../packages/client/src/index.ts';
import { personAt } from '../../api/assistant-ui/aui-server.ts';

type Message = ReturnType<AssistantClient['thread']['getState']>['messages'][number];

export interface App {
  readonly aui: AssistantClient;
  messages(): readonly Message[];
  /** What the messages of the open thread say, in order. */
  texts(): string[];
  /** Does something in the page, and lets React follow. */
  go(work: () => unknown): Promise<void>;
  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void>;
  /** Until nothing runs and the last message has this text in it. */
  answered(text: string): Promise<void>;
  /** What the app has asked of the server: `POST /aui/v1/threads 201`. */
  readonly requests: readonly string[];
  /** How many of them begin like this and have been answered. */
  count(start: RegExp): number;
  close(): Promise<void>;
}

export const textOf = (message: Message | undefined): string =>
  (message?.content ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');

/** Whoever sits at the machine of a server, by a token. */
export async function localPerson(url: string): Promise<ReturnType<typeof personAt>> {
  const answered = await fetch(`${url}/aui/v1/auth/tokens`, { method: 'POST' });
  return personAt(url, z.object({ token: z.string() }).parse(await answered.json()).token);
}

const inReact = (work: () => Promise<void>): Promise<void> => Promise.resolve(act(work));

type Kit = Pick<Annals, 'cloud' | 'transport' | 'sendAutomaticallyWhen'>;

/** What the makers of an app write who know of nothing but assistant-ui. */
export const plainKit = (baseUrl: string, token: string): Kit => ({
  cloud: new AssistantCloud({ baseUrl: `${baseUrl}/aui`, authToken: async () => token }),
  transport: new AssistantChatTransport({ api: `${baseUrl}/aui/api/chat`, headers: { authorization: `Bearer ${token}` } }),
  sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
});
/** The same with the client package. */
export const annalsKit = (baseUrl: string, token: string): Kit => createAnnals({ baseUrl, getToken: async () => token });

export async function openApp(baseUrl: string, token: string, makeKit = plainKit): Promise<App> {
  const requests: string[] = [];
  const fetched = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const response = await fetched(input, init);
    const url = new URL(input instanceof Request ? input.url : input);
    requests.push(`${init?.method ?? 'GET'} ${url.pathname} ${response.status}`);
    return response;
  };
  const kit = makeKit(baseUrl, token);
  let aui: AssistantClient | undefined;
  const Probe = (): null => {
    aui = useAui();
    return null;
  };
  const Root = () => {
    const runtime = useChatRuntime(kit);
    return createElement(AssistantRuntimeProvider, { runtime }, createElement(Probe));
  };
  const root = createRoot(document.body.appendChild(document.createElement('div')));
  await inReact(async () => root.render(createElement(Root)));
  const client = (): AssistantClient => {
    if (!aui) throw new Error('the app has not been rendered');
    return aui;
  };
  const messages = () => client().thread.getState().messages;
  const until: App['until'] = async (condition, what) => {
    const end = performance.now() + 20_000;
    while (performance.now() < end) {
      let met = false;
      await inReact(async () => {
        met = await condition();
        await new Promise((resolve) => setTimeout(resolve, 10));
      });
      if (met) return;
    }
    throw new Error(
      `it never came about: ${what}; the thread says ${JSON.stringify(messages().map(({ role, status, content }) => ({ role, status, content })))}`,
    );
  };
  return {
    get aui() {
      return client();
    },
    requests,
    count: (start) => requests.filter((request) => start.test(request)).length,
    messages,
    texts: () => messages().map(textOf),
    go: async (work) => {
      await inReact(async () => {
        await work();
      });
    },
    until,
    answered: (text) =>
      until(
        () => !client().thread.getState().isRunning && textOf(messages().at(-1)).includes(text) && messages().at(-1)?.role === 'assistant',
        `the answer "${text}"`,
      ),
    close: async () => {
      await inReact(async () => root.unmount());
      globalThis.fetch = fetched;
    },
  };
}
