import { expect, it } from 'vitest';
import { answer, composer, describeInBrowser, say, settled, stopRequests, threadId } from './app.ts';
import { layCable } from './cable.ts';
import { script } from './server.ts';

describeInBrowser('a conversation in the browser', (app) => {
  it('shows the answer as it is written, and again after a reload', async () => {
    const page = await app.open();
    await say(page, script.short.ask);
    await answer(page).getByText(script.short.answer).waitFor();
    await settled(page);
    await threadId(page);
    await page.reload();
    await answer(page).getByText(script.short.answer).waitFor();
    expect(await page.locator('[data-role=user]').count()).toBe(1);
  });

  it('stops the run on the server when stop is pressed, and keeps what was written', async () => {
    const page = await app.open();
    const stops = stopRequests(page);
    await say(page, script.long.ask);
    await page.getByText(script.long.begins).waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('Stopped here.').waitFor();
    await expect.poll(() => stops.length).toBe(1);
    expect(JSON.parse(stops[0] ?? '')).toEqual({ runId: expect.stringMatching(/^run_/) });
    await page.reload();
    await page.getByText(script.long.begins).waitFor();
    await page.getByText('Stopped here.').waitFor();
    await settled(page);
    expect(await page.getByText(script.long.ends).count()).toBe(0);
  });

  it('goes on with the same reply after a reload in the middle of it, without stopping it', async () => {
    const page = await app.open();
    const stops = stopRequests(page);
    await say(page, script.long.ask);
    await page.getByText(script.long.begins).waitFor();
    await threadId(page);
    await page.reload();
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    await page.getByText(script.long.ends).waitFor({ timeout: 40_000 });
    await settled(page);
    expect(stops).toEqual([]);
    expect(await page.getByText(script.long.begins).count()).toBe(1);
    expect(await page.locator('[data-role=assistant]').count()).toBe(1);
  });

  it('can stop a reply that it picked up after a reload', async () => {
    const page = await app.open();
    const stops = stopRequests(page);
    await say(page, script.long.ask);
    await page.getByText(script.long.begins).waitFor();
    await threadId(page);
    await page.reload();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect.poll(() => stops.length).toBe(1);
    await settled(page);
  });

  it('shows a running reply on a second device that opens the same conversation', async () => {
    const page = await app.open();
    await say(page, script.long.ask);
    await page.getByText(script.long.begins).waitFor();
    const other = await app.open(`/app/c/${await threadId(page)}`);
    await other.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    await other.getByText(script.long.ends).waitFor({ timeout: 40_000 });
    expect(await other.locator('[data-role=assistant]').count()).toBe(1);
  });

  it('keeps both versions when a message is edited, and lets one go back to the first', async () => {
    const page = await app.open();
    await say(page, script.short.ask);
    await answer(page).getByText(script.short.answer).waitFor();
    await settled(page);
    await page.locator('[data-role=user]').hover();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Edit the message' }).fill('Hello there, again');
    await page.getByRole('textbox', { name: 'Edit the message' }).press('Enter');
    await answer(page).getByText('Hello there, again').waitFor();
    await settled(page);
    await page.locator('[data-role=user]').getByText('2 / 2').waitFor();
    await page.getByRole('button', { name: 'Earlier version' }).click();
    await page.locator('[data-role=user]').getByText('1 / 2').waitFor();
    await page.locator('[data-role=user]').getByText(script.short.ask, { exact: true }).waitFor();
    await threadId(page);
    await page.reload();
    await page.locator('[data-role=user]').getByText('/ 2').waitFor();
  });

  it('answers again beside the first answer', async () => {
    const page = await app.open();
    await say(page, script.short.ask);
    await answer(page).getByText(script.short.answer).waitFor();
    await settled(page);
    await page.getByRole('button', { name: 'Answer again' }).click();
    await answer(page).getByText('2 / 2').waitFor();
    await settled(page);
    await page.getByRole('button', { name: 'Earlier version' }).click();
    await answer(page).getByText('1 / 2').waitFor();
  });

  it('runs a tool after it was allowed, in the same message', async () => {
    const page = await app.open();
    await say(page, script.mail.ask);
    const request = page.getByRole('region', { name: `Permission to use ${script.mail.tool}` });
    await request.getByText(script.mail.argument).waitFor();
    await request.getByRole('button', { name: 'Allow once' }).click();
    await answer(page).getByText(script.mail.allowed).waitFor();
    await settled(page);
    expect(await page.locator('[data-role=assistant]').count()).toBe(1);
    expect(await request.count()).toBe(0);
  });

  it('asks again for a permission still open after a reload, and tells the model when it is denied', async () => {
    const page = await app.open();
    await say(page, script.mail.ask);
    await page.getByRole('button', { name: 'Deny' }).waitFor();
    await threadId(page);
    await page.reload();
    await page.getByRole('button', { name: 'Deny' }).click();
    await answer(page).getByText(script.mail.denied).waitFor();
    await page.getByText('not allowed').waitFor();
  });

  it('keeps a thumb lit over a reload', async () => {
    const page = await app.open();
    await say(page, script.short.ask);
    await answer(page).getByText(script.short.answer).waitFor();
    await settled(page);
    const given = page.waitForResponse(/\/feedback$/);
    await page.getByRole('button', { name: 'Good answer' }).click();
    expect((await given).ok()).toBe(true);
    await page.reload();
    await page.locator('button[aria-label="Good answer"][data-submitted=true]').waitFor();
  });

  it('shows what failed and answers when tried again', async () => {
    const page = await app.open();
    await say(page, script.failing.ask);
    await page.getByRole('alert').getByText(script.failing.error).waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await answer(page).getByText(script.failing.answer).waitFor();
    await settled(page);
    expect(await page.getByRole('alert').count()).toBe(0);
    // The attempt that failed stays beside the answer: nothing is forgotten.
    await answer(page).getByText('2 / 2').waitFor();
  });

  it('picks the reply up where it is when the connection was lost in the middle', async ({ onTestFinished }) => {
    const cable = await layCable();
    onTestFinished(() => cable.remove());
    const page = await app.open('/app/', { proxy: { server: cable.server } });
    await say(page, script.long.ask);
    await page.getByText(script.long.begins).waitFor();
    cable.cut();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    cable.mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText(script.long.ends).waitFor({ timeout: 40_000 });
    await settled(page);
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await page.locator('[data-role=assistant]').count()).toBe(1);
    await expect.poll(() => page.getByTestId('branch').count()).toBe(0);
  });

  it('shows the finished reply when the connection came back after its end', async ({ onTestFinished }) => {
    const cable = await layCable();
    onTestFinished(() => cable.remove());
    const page = await app.open('/app/', { proxy: { server: cable.server } });
    const other = await app.open();
    await say(page, script.long.ask);
    await page.getByText(script.long.begins).waitFor();
    const id = await threadId(page);
    cable.cut();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await other.goto(`${app.baseUrl}/app/c/${id}`);
    await other.getByText(script.long.ends).waitFor({ timeout: 40_000 });
    await settled(other);
    cable.mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText(script.long.ends).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await page.locator('[data-role=assistant]').count()).toBe(1);
  });

  it('sends attached files with the message and shows them', async () => {
    const page = await app.open();
    const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
    const choosing = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Attach files' }).click();
    await (await choosing).setFiles([
      { name: 'dot.png', mimeType: 'image/png', buffer: picture },
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('remember the milk') },
    ]);
    await page.getByRole('button', { name: 'Remove the attachment' }).nth(1).waitFor();
    await expect.poll(() => page.getByLabel('Uploading').count()).toBe(0);
    await say(page, script.short.ask);
    await answer(page).getByText(script.short.answer).waitFor();
    const sent = page.locator('[data-role=user]');
    await sent.getByText('notes.txt').waitFor();
    await expect.poll(() => page.evaluate("document.querySelector('[data-role=user] img')?.naturalWidth")).toBe(1);
  });

  it('shows code with a copy button, and never loads a remote picture by itself', async () => {
    const page = await app.open();
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(app.baseUrl) && /^http/.test(request.url())) elsewhere.push(request.url());
    });
    await say(page, script.rich.ask);
    const link = answer(page).getByRole('link', { name: script.rich.picture });
    await link.waitFor();
    expect(await link.getAttribute('rel')).toContain('noopener');
    await answer(page).getByText(script.rich.code).waitFor();
    await answer(page).getByRole('button', { name: 'Copy the code' }).waitFor();
    await page.locator('.hljs-keyword').first().waitFor();
    expect(elsewhere).toEqual([]);
  });

  it('folds the thoughts away', async () => {
    const page = await app.open();
    await say(page, script.thoughts.ask);
    await answer(page).getByText(script.thoughts.answer).waitFor();
    await settled(page);
    expect(await answer(page).getByText(script.thoughts.thought).isVisible()).toBe(false);
    await page.getByText('Thoughts').click();
    await answer(page).getByText(script.thoughts.thought).waitFor();
  });

  it('sends the chosen model with the request', async () => {
    const page = await app.open();
    const picker = page.getByRole('combobox', { name: 'Model' });
    await picker.waitFor();
    const model = await picker.locator('option').last().getAttribute('value');
    await picker.selectOption(model);
    const sending = page.waitForRequest(/\/aui\/api\/chat$/);
    await say(page, script.short.ask);
    expect((await sending).postDataJSON()).toMatchObject({ model, config: { modelName: model } });
    expect(await composer(page).inputValue()).toBe('');
  });
});
