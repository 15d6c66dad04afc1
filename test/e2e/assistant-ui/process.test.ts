import { expect, test } from 'vitest';
import { describeShapes } from '../shapes.ts';
import { type App, annalsKit, localPerson, openApp } from './client.ts';

async function inApp(url: string, work: (app: App) => Promise<void>): Promise<void> {
  const app = await openApp(url, (await localPerson(url)).token, annalsKit);
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

describeShapes((installation) => {
  test('a conversation and its open question survive the death of every process, and the question is answered after it', async () => {
    let thread = '';
    await inApp(installation.url, async (app) => {
      await app.go(() => app.aui.thread.append('/echo Hello back'));
      await app.answered('Hello back');
      await app.go(() => app.aui.thread.append('/call postcard {"to":"Bob"}'));
      await app.until(() => JSON.stringify(app.messages().at(-1)?.content).includes('"approval"'), 'the question');
      thread = app.aui.threadListItem.getState().remoteId ?? '';
    });
    await installation.restart();
    await inApp(installation.url, async (app) => {
      await app.go(() => app.aui.threads.switchToThread(thread));
      await app.until(() => app.messages().length === 4, 'the history');
      expect(app.texts().slice(0, 3)).toEqual(['/echo Hello back', 'Hello back', '/call postcard {"to":"Bob"}']);
      const index = app.messages()[3]?.content.findIndex(({ type }) => type === 'tool-call') ?? -1;
      await app.go(() => app.aui.thread.message({ index: 3 }).part({ index }).respondToToolApproval({ approved: true }));
      await app.answered('answered');
      expect(app.messages()).toHaveLength(4);
    });
  });
});
