import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type ServerProcess, startServerProcess } from '../../harness/server-process.ts';
import { type App, annalsKit, openApp } from './client.ts';

const tokenOf = async ({ url }: ServerProcess): Promise<string> =>
  z.object({ token: z.string() }).parse(await (await fetch(`${url}/aui/v1/auth/tokens`, { method: 'POST' })).json()).token;

async function inApp(server: ServerProcess, work: (app: App) => Promise<void>): Promise<void> {
  const app = await openApp(server.url, await tokenOf(server), annalsKit);
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

test('a conversation and its open question survive the death of the server, and the question is answered after it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'annals-aui-'));
  let server = await startServerProcess(folder);
  try {
    let thread = '';
    await inApp(server, async (app) => {
      await app.go(() => app.aui.thread.append('/echo Hello back'));
      await app.answered('Hello back');
      await app.go(() => app.aui.thread.append('/call postcard {"to":"Bob"}'));
      await app.until(() => JSON.stringify(app.messages().at(-1)?.content).includes('"approval"'), 'the question');
      thread = app.aui.threadListItem.getState().remoteId ?? '';
    });
    await server.kill('SIGKILL');
    server = await startServerProcess(folder);
    await inApp(server, async (app) => {
      await app.go(() => app.aui.threads.switchToThread(thread));
      await app.until(() => app.messages().length === 4, 'the history');
      expect(app.texts().slice(0, 3)).toEqual(['/echo Hello back', 'Hello back', '/call postcard {"to":"Bob"}']);
      const index = app.messages()[3]?.content.findIndex(({ type }) => type === 'tool-call') ?? -1;
      await app.go(() => app.aui.thread.message({ index: 3 }).part({ index }).respondToToolApproval({ approved: true }));
      await app.answered('answered');
      expect(app.messages()).toHaveLength(4);
    });
  } finally {
    await server.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});
