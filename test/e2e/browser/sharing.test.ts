import { expect, it } from 'vitest';
import { answer, describeInBrowser, say, settled, threadId } from './app.ts';
import { script } from './server.ts';

describeInBrowser('sharing in the browser', (app) => {
  const call = async (method: string, path: string, body: object = {}, token?: string) => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const sent = await fetch(app.baseUrl + path, { method, headers, ...(method === 'GET' ? {} : { body: JSON.stringify(body) }) });
    // biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
    return { status: sent.status, json: (await sent.json()) as any };
  };
  const registered = async (name: string): Promise<{ person: string; token: string }> => {
    const { person } = (await call('POST', '/api/people', { name })).json;
    return { person, token: (await call('POST', '/api/tokens', { person })).json.token };
  };

  it('shares a conversation with a person found by name, changes how far, and stops', async () => {
    const bob = await registered('Bob Builder');
    const page = await app.open();
    await say(page, script.short.ask);
    await answer(page).getByText(script.short.answer).waitFor();
    await settled(page);
    const id = await threadId(page);
    const access = async () => (await call('GET', `/api/conversations/${id}`, {}, bob.token)).json.access;

    await page.getByRole('button', { name: 'Share this conversation' }).click();
    const dialog = page.getByRole('dialog', { name: 'Share this conversation' });
    await dialog.getByRole('combobox', { name: 'A person' }).fill('builder');
    await expect.poll(() => dialog.locator('datalist option').first().getAttribute('value')).toBe(bob.person);
    await dialog.getByRole('combobox', { name: 'A person' }).fill(bob.person);
    await dialog.getByRole('button', { name: 'Share', exact: true }).click();
    await dialog.getByText('Bob Builder').waitFor();
    expect(await access()).toBe('view');
    await dialog.getByRole('combobox', { name: 'What Bob Builder may' }).selectOption('edit');
    await expect.poll(access).toBe('edit');
    await dialog.getByRole('button', { name: 'Stop sharing' }).click();
    await dialog.getByText('It is shared with nobody.').waitFor();
    expect(await access()).toBeUndefined();
    await dialog.getByRole('button', { name: 'Share', exact: true }).click();
    await dialog.getByRole('alert').getByText('Say with whom').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog.count()).toBe(0);
  });

  it('lists what others share with one, opens it, and leaves it', async () => {
    const cid = await registered('Cid');
    const { conversationId } = (await call('POST', '/api/conversations', { title: 'Plans of Cid' }, cid.token)).json;
    const text = [{ type: 'text', text: 'Only between us' }];
    await call('POST', `/api/conversations/${conversationId}/messages`, { parts: text, reply: false }, cid.token);
    await call('PUT', `/api/conversations/${conversationId}/shares/person_local`, { level: 'edit' }, cid.token);
    const page = await app.open('/app/settings/shared');
    await page.getByText('Plans of Cid').waitFor();
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('Only between us').waitFor();
    await say(page, script.short.ask);
    await answer(page).getByText(script.short.answer).waitFor();
    await settled(page);
    const messages = (await call('GET', `/api/conversations/${conversationId}/messages`, {}, cid.token)).json.messages;
    expect(messages).toHaveLength(3);
    await page.goto(`${app.baseUrl}/app/settings/shared`);
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.getByText('Nobody shares anything with you.').waitFor();
  });

  it('makes a role, gives it, and permits something to one person', async () => {
    const dora = await registered('Dora');
    const page = await app.open('/app/settings/roles');
    await page.getByRole('textbox', { name: 'Name' }).fill('Readers');
    await page.getByText('conversation', { exact: true }).first().click();
    await page.getByRole('checkbox', { name: 'view one’s own' }).first().check();
    await page.getByRole('button', { name: 'Make the role' }).click();
    await page.getByRole('region', { name: 'Made here' }).getByText('Readers').waitFor();

    const give = page.getByRole('region', { name: 'Give roles to a person' });
    await give.getByRole('combobox', { name: 'A person' }).fill(dora.person);
    await give.getByRole('listbox', { name: 'Roles' }).selectOption({ label: 'Readers' });
    await give.getByRole('button', { name: 'Give', exact: true }).click();
    const single = page.getByRole('region', { name: 'Permissions of single people' });
    await single.getByRole('listitem').filter({ hasText: 'Dora' }).getByText('Readers').waitFor();
    await expect.poll(async () => (await call('POST', '/api/conversations', {}, dora.token)).status).toBe(403);

    await single.getByRole('combobox', { name: 'A person' }).fill(dora.person);
    await single.getByRole('combobox', { name: 'May' }).selectOption('create');
    await single.getByRole('button', { name: 'Permit' }).click();
    await single.getByRole('button', { name: 'Take back create conversation (own)' }).waitFor();
    await expect.poll(async () => (await call('POST', '/api/conversations', {}, dora.token)).status).toBe(201);
  });
});
