import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { loginRoutes } from '../../../src/api/http/login/routes.ts';
import type { Kernel } from '../../../src/main/kernel-parts.ts';
import { administrator } from '../../harness/memory-annals.ts';
import { composer, describeInBrowser } from './app.ts';
import { type BrowserServer, startServer } from './server.ts';

const GOOD = 'nine purple bicycles';
const OTHER = 'a tide of green umbrellas';

interface AccountServer extends BrowserServer {
  readonly invitation: (email?: string) => Promise<string>;
}

/** A server where people log in with a password, and nobody else does. */
async function startAccountServer(): Promise<AccountServer> {
  let kernel: Kernel | undefined;
  const secret = randomBytes(32);
  const server = await startServer((started) => {
    kernel = started;
    const { known } = started;
    return {
      localPerson: false,
      accounts: { passwords: true, registration: true },
      routes: loginRoutes({ providers: [], known, secret, stateSecret: secret, open: true, password: true, registration: true }),
    };
  });
  return {
    ...server,
    async invitation(email) {
      const made = await kernel?.accounts.invite(administrator, { roles: ['administrator', 'member'], email, name: 'Ada', days: 7 });
      if (!made?.ok) throw new Error('There is no invitation.');
      return `/app/invitation#${made.secret}`;
    },
  };
}

describeInBrowser(
  'accounts in the browser',
  (app, server) => {
    it('are made of an invitation, lead in and out, and have another password after a change', async () => {
      const page = await app.open(await server.invitation('ada@example.org'));
      await page.getByLabel('New password').fill(GOOD);
      await page.getByLabel('Once more').fill(OTHER);
      await page.getByRole('button', { name: 'Make the account' }).click();
      await page.getByRole('alert').getByText('not the same').waitFor();
      expect(page.url()).not.toContain('#');
      await page.getByLabel('Once more').fill(GOOD);
      await page.getByRole('button', { name: 'Make the account' }).click();
      await composer(page).waitFor();

      await page.goto(`${app.baseUrl}/app/settings/profile`);
      expect(await page.getByLabel('Name').inputValue()).toBe('Ada');
      await page.getByLabel('Language').fill('de');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved.').waitFor();
      await page.getByLabel('Password until now').fill(GOOD);
      await page.getByLabel('New password').fill(OTHER);
      await page.getByLabel('Once more').fill(OTHER);
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.getByText('another one now').waitFor();

      await page.context().clearCookies();
      await page.goto(`${app.baseUrl}/app/settings/profile`);
      await page.waitForURL(/\/app\/login/);
      await page.getByLabel('E-mail address').fill('ada@example.org');
      await page.getByLabel('Password').fill(GOOD);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('alert').getByText('do not belong together').waitFor();
      await page.getByLabel('Password').fill(OTHER);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.waitForURL(/\/app\/settings\/profile/);
      expect(await page.getByLabel('Language').inputValue()).toBe('de');
    });

    it('are invited, shut out, let in and given roles by an administrator, who hands over links where no mails leave', async () => {
      const page = await app.open(await server.invitation());
      await page.getByLabel('E-mail address').fill('boss@example.org');
      await page.getByLabel('New password').fill(GOOD);
      await page.getByLabel('Once more').fill(GOOD);
      await page.getByRole('button', { name: 'Make the account' }).click();
      await composer(page).waitFor();
      await page.goto(`${app.baseUrl}/app/settings/people`);
      await page.getByLabel('Name (optional)').fill('Carl');
      await page.getByRole('button', { name: 'Invite' }).click();
      const link = await page.getByRole('status').locator('code').textContent();

      const other = await app.open(new URL(link ?? '').pathname + new URL(link ?? '').hash);
      await other.getByLabel('E-mail address').fill('carl@example.org');
      await other.getByLabel('New password').fill(GOOD);
      await other.getByLabel('Once more').fill(GOOD);
      await other.getByRole('button', { name: 'Make the account' }).click();
      await composer(other).waitFor();

      await page.getByLabel('Search').fill('carl@');
      await page.getByRole('button', { name: 'Search' }).click();
      const row = page.getByRole('listitem').filter({ hasText: 'carl@example.org' });
      await row.getByRole('button', { name: 'Roles' }).click();
      await row.getByRole('checkbox', { name: 'auditor' }).check();
      await row.getByRole('button', { name: 'Save' }).click();
      await row.getByText('member, auditor').waitFor();
      page.on('dialog', (dialog) => void dialog.accept());
      await row.getByRole('button', { name: 'Shut out' }).click();
      await row.getByRole('button', { name: 'Let in' }).click();
      await row.getByRole('button', { name: 'Password link' }).click();
      const reset = await page.getByRole('status').locator('code').last().textContent();

      await other.goto(reset ?? '');
      await other.getByLabel('New password').fill(OTHER);
      await other.getByLabel('Once more').fill(OTHER);
      await other.getByRole('button', { name: 'Set the password' }).click();
      await other.getByText('Your password is set').waitFor();
    });

    it('are asked for without being told whether there is one', async () => {
      const page = await app.open('/app/login');
      await page.getByRole('link', { name: 'Make an account' }).click();
      await page.getByLabel('E-mail address').fill('new@example.org');
      await page.getByRole('button', { name: 'Ask for an account' }).click();
      await page.getByText('ask whoever runs it').waitFor();
      await page.getByRole('link', { name: 'Log in' }).click();
      await page.getByRole('link', { name: 'Password forgotten' }).click();
      await page.getByLabel('E-mail address').fill('nobody@example.org');
      await page.getByRole('button', { name: 'Ask for a link' }).click();
      await page.getByText('ask whoever runs it').waitFor();
    });

    it('have pages that fit a phone, and say so when a link is no good', async () => {
      const page = await app.open('/app/invitation#nothing', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
      await page.getByRole('alert').getByText('not valid').waitFor();
      for (const path of ['login', 'register', 'forgotten', 'reset']) {
        await page.goto(`${app.baseUrl}/app/${path}`);
        await page.getByRole('heading', { name: 'Annals' }).waitFor();
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      }
    });
  },
  startAccountServer,
);
