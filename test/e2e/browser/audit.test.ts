import { mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeInBrowser } from './app.ts';

const FOLDER = process.env.SCREENSHOTS;
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describeInBrowser('the pages for auditors in the browser', (app) => {
  /** So many different addresses that it is an alert, and a few things for the audit. */
  const something = async (): Promise<string> => {
    for (const name of ['people', 'views', 'parked', 'audit', 'models', 'files', 'tokens', 'me', 'events', 'conversations'])
      for (const path of [`/api/${name}`, `/api/${name}/x`, `/aui/v1/${name}`, `/api-keys/`, `/users/me`])
        await fetch(app.baseUrl + path, { headers: { authorization: 'Bearer a.b.c' } });
    for (const path of ['title', 'metadata', 'branch'].map((name) => `/api/conversations/thread_x/${name}`))
      await fetch(app.baseUrl + path, { method: 'PUT', headers: { authorization: 'Bearer a.b.c' } });
    for (const path of ['archive', 'unarchive', 'restore', 'messages', 'messages/append', 'messages/m/reply'])
      await fetch(`${app.baseUrl}/api/conversations/thread_x/${path}`, { method: 'POST', headers: { authorization: 'Bearer a.b.c' } });
    for (const path of [
      'views/x/rebuild',
      'runs/run_x/stop',
      'people',
      'tokens',
      'provider-keys',
      'me/sign-out',
      'people/person_x/disable',
      'people/person_x/enable',
    ])
      await fetch(`${app.baseUrl}/api/${path}`, { method: 'POST', headers: { authorization: 'Bearer a.b.c' } });
    const made = await fetch(`${app.baseUrl}/api/people`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'the-grant' },
      body: JSON.stringify({ name: 'Grace', roles: ['member'] }),
    });
    const { person }: { person: string } = await made.json();
    await fetch(`${app.baseUrl}/api/people/${person}/roles`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'x-request-id': 'the-grant' },
      body: JSON.stringify({ roles: ['auditor'] }),
    });
    return person;
  };
  const picture = (name: string): object => {
    if (FOLDER) mkdirSync(FOLDER, { recursive: true });
    return { ...(FOLDER ? { path: `${FOLDER}/${name}.png` } : {}), fullPage: false };
  };

  it('find who did what, show what was before and after, and prove in the page that the log says so', async () => {
    const person = await something();
    const page = await app.open('/app/settings/audit');
    await page.getByText('Nothing has been changed, as far as it is signed.').waitFor();
    await page.getByRole('textbox', { name: 'Action' }).fill('RolesChanged');
    await page.getByRole('textbox', { name: 'Resource' }).fill(person);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('listitem').filter({ hasText: 'RolesChanged' }).locator('summary').first().click();
    await page.getByText('member', { exact: true }).waitFor();
    await page.getByText('auditor', { exact: true }).waitFor();
    await expect
      .poll(async () => {
        const prove = page.getByRole('button', { name: 'Prove that the log says so' });
        if (await prove.count()) await prove.click();
        return page.getByText('Proved, and checked in this page').count();
      })
      .toBe(1);
    await page.screenshot(picture('audit-light'));
    await page.getByRole('button', { name: 'This request' }).click();
    await page.getByText('PersonRegistered').first().waitFor();
    const dark = await app.open('/app/settings/audit', { colorScheme: 'dark', ...phone });
    await dark.getByText('Nothing has been changed, as far as it is signed.').waitFor();
    expect(await dark.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await dark.screenshot(picture('audit-dark-phone'));
  });

  it('show security events as they happen, and alerts until somebody has looked at them', async () => {
    await something();
    const page = await app.open('/app/settings/security');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('Many failures from one network').waitFor();
    await page.screenshot(picture('security-light'));
    await fetch(`${app.baseUrl}/api/people/person_zz`, { headers: { authorization: 'Bearer a.b.c' } });
    await page.getByText('GET /api/people/{person}').first().waitFor();
    await page.getByRole('textbox', { name: 'Note' }).first().fill('our own test');
    await page.getByRole('button', { name: 'Acknowledge' }).first().click();
    await page.getByText(/acknowledged by person_local: our own test/).waitFor();
    await page.getByRole('combobox', { name: 'Kind of event' }).selectOption('alert-raised');
    expect(await page.getByText('token-refused', { exact: true }).locator('visible=true').count()).toBeLessThanOrEqual(1);
    const dark = await app.open('/app/settings/security', { colorScheme: 'dark', ...phone });
    await dark.getByText('Live', { exact: true }).waitFor();
    expect(await dark.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await dark.screenshot(picture('security-dark-phone'));
  });
});
