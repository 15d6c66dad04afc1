import { expect, it } from 'vitest';
import { composer, describeInBrowser } from './app.ts';

describeInBrowser('the settings in the browser', (app) => {
  it('make a token that is shown once, and void it', async () => {
    const page = await app.open();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('link', { name: 'Access tokens' }).click();
    await page.getByRole('checkbox', { name: 'read' }).check();
    await page.getByRole('button', { name: 'Make a token' }).click();
    const token = await page.getByRole('status').locator('code').textContent();
    const me = await fetch(`${app.baseUrl}/api/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(await me.json()).toMatchObject({ scopes: ['read'] });
    await page.reload();
    expect(await page.getByText(token ?? '').count()).toBe(0);
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('· void').waitFor();
    const after = await fetch(`${app.baseUrl}/api/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(after.status).toBe(401);
  });

  it('keep a key of a service and never show it again', async () => {
    const page = await app.open('/app/settings/keys');
    await page.getByRole('combobox', { name: 'Service' }).fill('openai');
    await page.getByRole('textbox', { name: 'Key', exact: true }).fill('sk-nobody-sees-this-4321');
    await page.getByRole('button', { name: 'Add the key' }).click();
    await page.getByText('ends in 4321').waitFor();
    expect(await page.content()).not.toContain('nobody-sees-this');
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('You have added none.').waitFor();
  });

  it('say in words what the server refuses', async () => {
    const page = await app.open('/app/settings/keys');
    await page.getByRole('combobox', { name: 'Service' }).fill('no such service!');
    await page.getByRole('textbox', { name: 'Key', exact: true }).fill('sk-1');
    await page.getByRole('button', { name: 'Add the key' }).click();
    await page
      .getByRole('alert')
      .getByText(/provider/)
      .waitFor();
  });

  it('leave for a new conversation, and fit a phone', async () => {
    const page = await app.open('/app/settings/tokens', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await page.getByRole('heading', { name: 'Access tokens' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.getByRole('button', { name: 'Show the conversations' }).click();
    await page.getByRole('button', { name: 'New conversation' }).click();
    await composer(page).waitFor();
  });
});
