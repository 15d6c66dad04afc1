import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { answer, describeInBrowser, say, settled, threadId } from './app.ts';
import { script } from './server.ts';

describeInBrowser('the list of conversations', (app) => {
  const list = (page: Page) => page.getByRole('navigation', { name: 'Conversations' });
  const item = (page: Page, title: string) => list(page).getByRole('button', { name: title });

  async function started(title: string): Promise<Page> {
    const page = await app.open();
    await say(page, script.short.ask);
    await answer(page).getByText(script.short.answer).waitFor();
    await settled(page);
    await threadId(page);
    await list(page).locator('[data-active=true]').getByText(script.short.ask).waitFor();
    await choose(page, 'Rename');
    await list(page).getByRole('textbox', { name: 'Title' }).fill(title);
    await list(page).getByRole('textbox', { name: 'Title' }).press('Enter');
    await item(page, title).waitFor();
    return page;
  }

  async function choose(page: Page, action: string) {
    await list(page).locator('[data-active=true]').hover();
    await list(page).locator('[data-active=true]').getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: action }).click();
  }

  it('keeps a new title over a reload', async () => {
    const page = await started('A walk in the hills');
    await page.reload();
    await item(page, 'A walk in the hills').waitFor();
    await page.getByRole('heading', { level: 1, name: 'A walk in the hills' }).waitFor();
  });

  it('shelves an archived conversation, opens it without taking it out, and takes it out when asked', async () => {
    const page = await started('Put aside');
    await choose(page, 'Archive');
    await expect.poll(() => item(page, 'Put aside').count()).toBe(0);
    await list(page).getByRole('tab', { name: 'Archive' }).click();
    await item(page, 'Put aside').click();
    await answer(page).getByText(script.short.answer).waitFor();
    await choose(page, 'Take out of the archive');
    await expect.poll(() => item(page, 'Put aside').count()).toBe(0);
    await list(page).getByRole('tab', { name: 'Chats' }).click();
    await item(page, 'Put aside').waitFor();
  });

  it('brings a deleted conversation back with undo, and from the trash', async () => {
    const page = await started('Thrown away');
    await choose(page, 'Delete');
    await expect.poll(() => item(page, 'Thrown away').count()).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await item(page, 'Thrown away').click();
    await answer(page).getByText(script.short.answer).waitFor();
    await choose(page, 'Delete');
    await list(page).getByRole('tab', { name: 'Trash' }).click();
    await list(page).getByRole('button', { name: 'Restore Thrown away' }).click();
    await list(page).getByRole('tab', { name: 'Chats' }).click();
    await item(page, 'Thrown away').waitFor();
  });

  it('follows the back and forward buttons between conversations', async () => {
    const page = await started('First');
    const first = page.url();
    await list(page).getByRole('button', { name: 'New conversation' }).click();
    await say(page, 'Something else');
    await answer(page).getByText('Something else').waitFor();
    await expect.poll(() => page.url()).not.toBe(first);
    await settled(page);
    await item(page, 'First').click();
    await answer(page).getByText(script.short.answer).waitFor();
    await page.goBack();
    await answer(page).getByText('Something else').waitFor();
  });

  it('says so when the address names a conversation that is not there', async () => {
    const page = await app.open('/app/c/thread_00000000-0000-7000-8000-000000000000');
    await page.getByText('not here, or not yours').waitFor();
    expect(new URL(page.url()).pathname).toBe('/app/');
  });
});
