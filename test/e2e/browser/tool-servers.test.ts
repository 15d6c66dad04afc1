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
let kernel: Kernel;
beforeAll(async () => {
  [there, seats] = await Promise.all([startOAuthMcp(), startNewAsking()]);
});
afterAll(() => Promise.all([there.stop(), seats.stop()]));

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
  },
  start,
);
