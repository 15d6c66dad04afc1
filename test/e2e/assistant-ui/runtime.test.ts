import { beforeAll, expect, test } from 'vitest';
import { eventually } from '../../api/assistant-ui/aui-server.ts';
import { describeShapes } from '../shapes.ts';
import { type App, annalsKit, localPerson, openApp, plainKit } from './client.ts';

describeShapes((installation) => {
  let me: Awaited<ReturnType<typeof localPerson>>;
  beforeAll(async () => {
    me = await localPerson(installation.url);
  });

  async function inApp(work: (app: App) => Promise<void>, kit = plainKit): Promise<void> {
    const app = await openApp(installation.url, me.token, kit);
    try {
      await work(app);
    } finally {
      await app.close();
    }
  }

  const remoteId = (app: App): string => app.aui.threadListItem.getState().remoteId ?? '';

  const POSTED = /^POST \/aui\/v1\/threads\/[^/]+\/messages 20\d/;
  const PUT = /^PUT \/aui\/v1\/threads\/[^/]+\/messages\//;

  /** Says something in a new thread and waits until the app has stored what it has. */
  async function begin(app: App, text: string, answer: string): Promise<string> {
    await app.go(() => app.aui.thread.append(text));
    await app.answered(answer);
    await app.until(() => app.count(POSTED) === 2, 'both rows posted');
    return remoteId(app);
  }

  /** Opens the thread in a new page and waits for so many messages on the branch shown. */
  const reopened = (thread: string, count: number, work: (app: App) => Promise<void>): Promise<void> =>
    inApp(async (app) => {
      await app.go(() => app.aui.threads.switchToThread(thread));
      await app.until(() => app.messages().length === count, `${count} messages of the history`);
      await work(app);
    });

  /** Texts of all rows in the tree, each under its parent's. */
  async function tree(thread: string): Promise<string[]> {
    const rows = await me.history(thread);
    const said = (row: (typeof rows)[number] | undefined): string =>
      row ? row.content.parts.flatMap((part: { type: string; text?: string }) => (part.type === 'text' ? [part.text] : [])).join('') : '';
    return rows.map((row) => `${said(rows.find(({ id }) => id === row.parent_id))} > ${said(row)}`).sort();
  }

  test('a conversation is sent, titled, stored once and there again after a reload', async () => {
    let thread = '';
    await inApp(async (app) => {
      thread = await begin(app, '/echo Hello back\nGood morning dear server', 'Hello back');
      await app.until(() => (app.aui.threadListItem.getState().title ?? '') !== '', 'a title');
      await app.go(() => app.aui.thread.append('/echo And again'));
      await app.answered('And again');
      await app.until(() => app.count(POSTED) === 4, 'all rows posted');
    });
    expect(thread).toMatch(/^thread_/);
    expect(await me.history(thread)).toHaveLength(4);
    await reopened(thread, 4, async (app) => {
      expect(app.texts()).toEqual(['/echo Hello back\nGood morning dear server', 'Hello back', '/echo And again', 'And again']);
      await app.until(
        () => app.aui.threads.getState().threadItems.some(({ remoteId: id, title }) => id === thread && title !== undefined && title !== ''),
        'the thread in the list with its title',
      );
    });
  });

  test('regenerating and editing begin branches beside each other, and the branch shown last is shown again', async () => {
    let thread = '';
    await inApp(async (app) => {
      thread = await begin(app, '/echo one', 'one');
      await app.go(() => app.aui.thread.message({ index: 1 }).reload());
      await app.until(() => app.count(POSTED) === 3 && !app.aui.thread.getState().isRunning, 'the second answer posted');
      await app.go(() => app.aui.thread.message({ index: 0 }).composer().beginEdit());
      await app.go(() => app.aui.thread.message({ index: 0 }).composer().setText('/echo two'));
      await app.go(() => app.aui.thread.message({ index: 0 }).composer().send());
      await app.answered('two');
      await app.until(() => app.count(POSTED) === 5, 'the edited branch posted');
      expect(await tree(thread)).toEqual([' > /echo one', ' > /echo two', '/echo one > one', '/echo one > one', '/echo two > two']);
      await app.go(() => app.aui.thread.message({ index: 0 }).switchToBranch({ position: 'previous' }));
      await app.go(() => app.aui.thread.append('/echo three'));
      await app.answered('three');
      await app.until(() => app.count(POSTED) === 7, 'the continued branch posted');
    });
    expect(await tree(thread)).toHaveLength(7);
    await reopened(thread, 4, async (app) => {
      expect(app.texts()).toEqual(['/echo one', 'one', '/echo three', 'three']);
      expect(app.aui.thread.message({ index: 0 }).getState().branchCount).toBe(2);
      expect(app.aui.thread.message({ index: 1 }).getState().branchCount).toBe(2);
    });
  });

  const toolOf = (app: App) =>
    app
      .messages()
      .at(-1)
      ?.content.find((part) => part.type === 'tool-call');
  const approvalAsked = (app: App) => app.until(() => toolOf(app)?.approval !== undefined && !app.aui.thread.getState().isRunning, 'the question');
  const partIndex = (app: App): number =>
    app
      .messages()
      .at(-1)
      ?.content.findIndex((part) => part.type === 'tool-call') ?? -1;

  test('a question that was asked before the reload is answered after it, and the answer goes on in the same message', async () => {
    let thread = '';
    await inApp(async (app) => {
      await app.go(() => app.aui.thread.append('/call postcard {"to":"Bob"}'));
      await approvalAsked(app);
      thread = remoteId(app);
    });
    await reopened(thread, 2, async (app) => {
      await approvalAsked(app);
      await app.go(() =>
        app.aui.thread
          .message({ index: 1 })
          .part({ index: partIndex(app) })
          .respondToToolApproval({ approved: true }),
      );
      await app.answered('answered');
      expect(app.messages()).toHaveLength(2);
      expect(toolOf(app)?.result).toMatchObject({ written: true });
      await app.until(() => app.count(PUT) + app.count(POSTED) > 0, 'the outcome stored');
    });
    expect(await me.history(thread)).toHaveLength(2);
    await reopened(thread, 2, async (app) => {
      expect(toolOf(app)?.result).toMatchObject({ written: true });
      expect(app.texts()[1]).toContain('answered');
    });
  });

  test('a denial is told to the model and shown after a reload', async () => {
    let thread = '';
    await inApp(async (app) => {
      await app.go(() => app.aui.thread.append('/call postcard {"to":"Eve"}'));
      await approvalAsked(app);
      thread = remoteId(app);
      await app.go(() =>
        app.aui.thread
          .message({ index: 1 })
          .part({ index: partIndex(app) })
          .respondToToolApproval({ approved: false, reason: 'not her' }),
      );
      await app.answered('failed');
    });
    await reopened(thread, 2, async (app) => {
      expect(toolOf(app)?.approval).toMatchObject({ approved: false });
      expect(app.texts()[1]).toContain('failed');
    });
    expect(await me.history(thread)).toHaveLength(2);
  });

  test('an attachment is uploaded once, told to the model and readable from its address after a reload', async () => {
    let thread = '';
    await inApp(async (app) => {
      await app.go(() => app.aui.thread.composer().addAttachment(new File(['the secret word is heron'], 'note.txt', { type: 'text/plain' })));
      await app.go(() => app.aui.thread.composer().setText('/echo got it'));
      await app.until(
        () =>
          app.aui.thread
            .composer()
            .getState()
            .attachments.every(({ status }) => status.type !== 'running'),
        'the upload',
      );
      await app.go(() => app.aui.thread.composer().send());
      await app.answered('got it');
      await app.until(() => app.count(POSTED) === 2, 'both rows posted');
      thread = remoteId(app);
    });
    const rows = await me.history(thread);
    expect(rows).toHaveLength(2);
    const file = rows[1]?.content.parts.find((part: { type: string }) => part.type === 'file');
    expect(await (await fetch(file.url)).text()).toBe('the secret word is heron');
    await reopened(thread, 2, async (app) => {
      expect(JSON.stringify(app.messages()[0])).toContain('note.txt');
    });
  });

  test('feedback, a new name and the archive survive a reload', async () => {
    let thread = '';
    await inApp(async (app) => {
      thread = await begin(app, '/echo fine', 'fine');
      await app.go(() => app.aui.thread.message({ index: 1 }).submitFeedback({ type: 'positive' }));
      await app.until(() => app.count(/feedback 200/) === 1, 'the feedback kept');
      await app.go(() => app.aui.threadListItem.rename('My own name'));
      await app.until(() => app.count(/^PUT \/aui\/v1\/threads\/[^/]+ 200/) === 1, 'the name kept');
    });
    await reopened(thread, 2, async (app) => {
      expect(app.messages()[1]?.metadata.submittedFeedback).toEqual({ type: 'positive' });
      expect(app.aui.threadListItem.getState().title).toBe('My own name');
      await app.go(() => app.aui.threadListItem.archive());
      await app.until(() => app.aui.threads.getState().archivedThreadIds.length === 1, 'the thread in the archive');
    });
    await inApp(async (app) => {
      await app.until(
        () => app.aui.threads.getState().threadItems.some(({ remoteId: id, status }) => id === thread && status === 'archived'),
        'the archive after a reload',
      );
    });
  });

  test('stop ends the answer on the server, and leaving the page does not', async () => {
    let thread = '';
    await inApp(async (app) => {
      await app.go(() => app.aui.thread.append('/long 5000\n/pace 20\nstop me'));
      await app.until(() => app.texts()[1]?.includes('word') === true, 'the first words');
      thread = remoteId(app);
      await app.go(() => app.aui.thread.cancelRun());
      await app.until(async () => (await me.history(thread))[0]?.content.metadata.custom.outcome === 'cancelled', 'the run stopped');
      await app.until(() => app.count(POSTED) === 2, 'both rows posted');
      await app.go(() => app.aui.thread.append('/echo next'));
      await app.answered('next');
      await app.until(() => app.count(POSTED) === 4, 'all rows posted');
    });
    expect(await tree(thread)).toHaveLength(4);
    let left = '';
    await inApp(async (app) => {
      await app.go(() => app.aui.thread.append('/long 60\n/pace 20\nleave me'));
      await app.until(() => app.texts()[1]?.includes('word') === true, 'the first words');
      left = remoteId(app);
    });
    await eventually(async () => (await me.history(left))[0]?.content.metadata.usage !== undefined, 'the answer at its end');
    const [answer] = await me.history(left);
    expect(answer?.content.metadata.custom.outcome).toBeUndefined();
    await reopened(left, 2, async (app) => expect(app.texts()[1]?.split(' ')).toHaveLength(60));
  });

  test('with the client package a page opened while an answer is written shows it to its end, once, and its stop button stops it', async () => {
    let thread = '';
    await inApp(async (app) => {
      await app.go(() => app.aui.thread.append('/long 150\n/pace 20\nread me elsewhere'));
      await app.until(() => app.texts()[1]?.includes('word') === true, 'the first words');
      thread = remoteId(app);
    }, annalsKit);
    await inApp(async (app) => {
      await app.until(() => app.aui.threads.getState().threadItems.some(({ remoteId: id }) => id === thread), 'the thread in the list');
      await app.go(() => app.aui.threads.switchToThread(thread));
      await app.until(() => app.aui.thread.getState().isRunning, 'the stream taken up');
      await app.until(() => !app.aui.thread.getState().isRunning, 'the end');
      expect(app.messages()).toHaveLength(2);
      expect(app.texts()[1]?.split(' ')).toHaveLength(150);
      await app.go(() => app.aui.thread.append('/long 3000\n/pace 20\nstop me'));
      await app.until(() => app.texts()[3]?.includes('word') === true, 'the first words');
      await app.go(() => app.aui.thread.cancelRun());
      await app.until(async () => (await me.history(thread))[0]?.content.metadata.custom.outcome === 'cancelled', 'the run stopped');
      await app.until(() => app.count(POSTED) >= 2, 'the rows posted');
    }, annalsKit);
    expect(await me.history(thread)).toHaveLength(4);
  });
});
