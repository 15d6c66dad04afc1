import { existsSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { answer, composer, describeInBrowser } from './app.ts';
import { startLoginServer } from './login-server.ts';

const ada = { sub: 'ada', name: 'Ada Lovelace', email: 'ada@example.org', email_verified: true };
/** A folder where pictures of the pages are put, for somebody to look at. */
const shots = process.env['ANNALS_SHOTS'];
const shoot = async (page: Page, name: string) => {
  if (shots === undefined || !existsSync(shots)) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate('Promise.all(document.getAnimations().map((each) => each.finished))');
    await page.screenshot({ path: `${shots}/${name}-${colorScheme}.png` });
  }
};

describeInBrowser(
  'logging in with the browser',
  (app, idps) => {
    const logIn = async (page: Page, label: string) => {
      await page.getByRole('link', { name: `Continue with ${label}` }).click();
      await page.getByRole('button', { name: 'Continue as Ada Lovelace' }).click();
    };

    it.each(['Plain', 'Checked'])('leads to the login page, to the provider and back to where one wanted to go (%s)', async (label) => {
      for (const idp of [idps.plain, idps.checked]) idp.account = { ...ada, sub: `ada at ${label}` };
      const page = await app.open('/app/settings/tokens');
      await page.getByRole('link', { name: `Continue with ${label}` }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/app/login');
      await shoot(page, 'login');
      await logIn(page, label);
      await page.waitForURL('**/app/settings/tokens');
      await page.getByRole('heading', { name: 'Access tokens' }).waitFor();
      const cookies = await page.context().cookies(app.baseUrl);
      expect(cookies).toMatchObject([{ name: 'annals', httpOnly: true, sameSite: 'Lax' }]);
      expect(await page.evaluate('document.cookie')).toBe('');
      await page.goto(`${app.baseUrl}/app/`);
      await composer(page).fill('Hello there');
      await page.keyboard.press('Enter');
      await answer(page).getByText('demonstration model').waitFor();
    });

    it('shows the sessions, adds another way to log in, ends the other sessions, and logs out', async () => {
      idps.plain.account = { ...ada, sub: 'ada of two browsers' };
      idps.checked.account = { ...ada, sub: 'ada of two browsers, checked', email: 'ada@work.example' };
      const first = await app.open('/app/');
      await logIn(first, 'Plain');
      await composer(first).waitFor();
      const page = await app.open('/app/settings/sessions');
      await logIn(page, 'Plain');
      await page.getByText('this one').waitFor();
      const sessions = page.getByRole('region', { name: 'Sessions', exact: true });
      expect(await sessions.getByText('Chrome on Linux').count()).toBe(2);
      await page.getByRole('link', { name: 'Checked', exact: true }).click();
      await page.getByRole('button', { name: 'Continue as Ada Lovelace' }).click();
      await page.getByText('ada@work.example').waitFor();
      await shoot(page, 'sessions');
      await page.getByRole('button', { name: 'End all others' }).click();
      await first.getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('button', { name: 'End all others' }).waitFor({ state: 'detached' });
      await first.waitForURL('**/app/login**');
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('link', { name: 'Continue with Plain' }).waitFor();
      await page.goto(`${app.baseUrl}/app/`);
      await page.waitForURL('**/app/login**');
    });
  },
  startLoginServer,
);
