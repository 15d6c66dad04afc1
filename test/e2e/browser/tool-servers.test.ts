import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assistantUiRoutes } from '../../../src/api/assistant-ui/index.ts';
import { toolLoginRoutes } from '../../../src/api/rest/mcp-logins.ts';
import { setMcpToolPolicy } from '../../../src/commands/mcp.ts';
import type { Kernel } from '../../../src/main/kernel-parts.ts';
import { type AskingMcp, startNewAsking } from '../../harness/asking-mcp.ts';
import { httpServer, listed } from '../../harness/mcp-servers.ts';
import { type OAuthMcp, startOAuthMcp } from '../../harness/oauth-mcp.ts';
import { composer, describeInBrowser } from './app.ts';
import { startServer } from './server.ts';

let there: OAuthMcp;
let seats: AskingMcp;
let paying: AskingMcp;
/** What has been opened at the address that a tool names. */
const opened: string[] = [];
const cashier = createServer((req, res) => {
  opened.push(req.url ?? '');
  res.end('paid');
});
let kernel: Kernel;
beforeAll(async () => {
  await new Promise<void>((done) => cashier.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(cashier.address() as AddressInfo).port}/pay?order=1`;
  [there, seats, paying] = await Promise.all([
    startOAuthMcp(),
    startNewAsking(),
    startNewAsking({ mode: 'url', message: 'Pay first.', url, elicitationId: 'order-1' }),
  ]);
});
afterAll(async () => {
  cashier.close().closeAllConnections();
  await Promise.all([there.stop(), seats.stop(), paying.stop()]);
});

const folder = process.env['ANNALS_SCREENSHOTS'];
const picture = async (page: Page, name: string): Promise<unknown> => (folder ? page.screenshot({ path: `${folder}/${name}.png` }) : undefined);
const local = { id: 'person_local', kind: 'person', roles: ['administrator', 'member'] } as never;
const start = () =>
  startServer((its) => {
    kernel = its;
    return { routes: [...assistantUiRoutes({ secret: Buffer.alloc(32) }), ...toolLoginRoutes({})] };
  });

describeInBrowser(
  'servers of tools in the browser',
  (app) => {
    it('are logged in at, and out again', async () => {
      const page = await app.open('/app/settings/tool-servers');
      await page.getByRole('textbox', { name: 'Short name' }).fill('whose');
      await page.getByRole('textbox', { name: 'Address' }).fill(there.url);
      await page.getByRole('checkbox', { name: 'Each person logs in there' }).check();
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByText(/needs_auth.*wants you to log in/).waitFor();
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.getByText(/logged in at/).waitFor();
      expect(page.url()).toBe(`${app.baseUrl}/app/settings/tool-servers`);
      page.once('dialog', (dialog) => void dialog.accept());
      await page.getByRole('button', { name: 'Disconnect' }).click();
      await page.getByText(/needs_auth.*You have disconnected it/).waitFor();
    });

    it('ask in the conversation, which goes on with the answer', async () => {
      const told = await kernel.tell(local, httpServer('seats', seats.url));
      if (!told.ok) throw new Error(told.error.message);
      const { serverId } = told.result;
      await listed({ kernel }, serverId);
      await kernel.tell(local, setMcpToolPolicy({ serverId, tool: 'book', policy: 'allow' }));
      const page = await app.open();
      await composer(page).fill('/call seats__book {}');
      await composer(page).press('Enter');
      const question = page.getByRole('region', { name: 'Question of seats__book' });
      await question.getByText('How many seats?').waitFor();
      expect(await question.getByLabel(/password/).getAttribute('type')).toBe('password');
      await question.getByLabel(/seats/).fill('3');
      await question.getByLabel(/password/).fill('hunter2!');
      await question.getByRole('button', { name: 'Send' }).click();
      await page
        .getByText(/accept 3/)
        .first()
        .waitFor({ state: 'attached' });
      expect(seats.booked).toMatchObject([{ action: 'accept', content: { seats: 3, password: 'hunter2!' } }]);
      expect(await page.content()).not.toContain('hunter2!');
    });

    it('ask for something at an address, whose host is shown and which only a person opens', async () => {
      const told = await kernel.tell(local, httpServer('till', paying.url));
      if (!told.ok) throw new Error(told.error.message);
      const { serverId } = told.result;
      await listed({ kernel }, serverId);
      await kernel.tell(local, setMcpToolPolicy({ serverId, tool: 'book', policy: 'allow' }));
      const page = await app.open();
      await composer(page).fill('/call till__book {}');
      await composer(page).press('Enter');
      const question = page.getByRole('region', { name: 'Question of till__book' });
      await question.getByText('Pay first.').waitFor();
      const link = question.getByRole('link');
      const address = new URL((await link.getAttribute('href')) ?? '');
      await question.getByText(`(${address.host})`).waitFor();
      expect([await link.getAttribute('rel'), await link.getAttribute('target')]).toEqual(['noopener noreferrer', '_blank']);
      await picture(page, 'address');
      expect([opened, paying.booked, page.context().pages().length]).toEqual([[], [], 1]);
      const [other] = await Promise.all([page.waitForEvent('popup'), link.click()]);
      await other.getByText('paid').waitFor();
      expect(opened[0]).toBe('/pay?order=1');
      expect(await other.evaluate('[document.referrer, String(window.opener)]')).toEqual(['', 'null']);
      await question.getByRole('button', { name: 'Send' }).click();
      await page
        .getByText(/accept 0/)
        .first()
        .waitFor({ state: 'attached' });
      expect(paying.booked).toMatchObject([{ action: 'accept' }]);
    });
  },
  start,
);
