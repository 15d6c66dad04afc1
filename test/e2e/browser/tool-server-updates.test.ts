import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { sampleCatalogue } from '../../harness/played-catalogue.ts';
import { playedTool, playReleases } from '../../harness/played-releases.ts';
import { until } from '../../harness/until.ts';
import { describeInBrowser } from './app.ts';
import { type BrowserServer, startServer } from './server.ts';

const number = { type: 'number', description: 'A number' };
const add = playedTool('add', { a: number, b: number });
const say = playedTool('say', { text: { type: 'string' } });
const mcp = {
  ...playReleases('@x/notes', {
    '1.0.0': { tools: [add, say] },
    '1.1.0': { tools: [add, say, playedTool('more')] },
    '2.0.0': { tools: [playedTool('sum-add', { a: number, b: number }), playedTool('say', { text: { type: 'string' }, loud: { type: 'boolean' } })] },
  }),
  pollMs: 50,
  watchMs: 0,
  catalogue: sampleCatalogue,
};
const start = (): Promise<BrowserServer> => startServer(() => ({}), { mcp });
const folder = process.env['ANNALS_SCREENSHOTS'];
const look = async (page: Page, name: string): Promise<void> => {
  for (const region of folder ? ['Updates', 'How they depend on each other', 'Changed', 'Add from the catalogue'] : [])
    if (await page.getByRole('region', { name: region, exact: true }).count())
      await page.getByRole('region', { name: region, exact: true }).screenshot({ path: `${folder}/${name}-${region.slice(0, 3)}.png` });
};
const Tools = z.object({ tools: z.array(z.object({ server: z.string() })) });

describeInBrowser(
  'updates of servers of tools in the browser',
  (app) => {
    const send = (method: string, path: string, body: unknown) =>
      fetch(app.baseUrl + path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

    const registered = async (): Promise<void> => {
      const mcpServers = {
        notes: { package: '@x/notes@1.0.0', requires: { calendar: '^2' } },
        calendar: { url: 'http://127.0.0.1:9/mcp', requires: { 'time-zones': '*' } },
        journal: {
          url: 'http://127.0.0.1:9/other',
          requires: { '@x/notes': '>=1' },
          _meta: { 'dev.annals/compat': { conflicts: { servers: { calendar: '*' } } } },
        },
      };
      expect((await send('POST', '/api/mcp/import?owner=organisation', { mcpServers })).status).toBe(200);
      await until(async () => {
        const { tools } = Tools.parse(await (await fetch(`${app.baseUrl}/api/mcp/tools`)).json());
        return tools.some(({ server }) => server === 'notes');
      });
    };

    it('show how they depend on each other; a new version is tried, looked at, taken and undone', async () => {
      await registered();
      const page = await app.open('/app/settings/tool-servers', { viewport: { width: 1100, height: 900 } });
      await page.getByRole('img', { name: /notes needs calendar \^2/ }).waitFor();
      await page.getByText('needs time-zones *, which is not installed').first().waitFor();

      const notes = page.getByRole('article', { name: 'Updates of notes' });
      await notes.getByRole('button', { name: 'Look for versions' }).click();
      await notes.getByText('2 newer, up to 2.0.0').waitFor();
      await notes.getByRole('button', { name: 'Try it apart' }).click();
      await notes.getByText('It waits for you.').waitFor();
      await notes.getByText('It is gone.').waitFor();
      await look(page, 'waiting-light');
      await page.emulateMedia({ colorScheme: 'dark' });
      await look(page, 'waiting-dark');
      await notes.getByRole('checkbox', { name: /add → sum-add/ }).check();
      await notes.getByRole('button', { name: 'Take 2.0.0' }).click();
      await notes.getByText('It holds.').waitFor();
      await notes.getByRole('button', { name: 'Go back to 1.0.0' }).click();
      await notes.getByText('It was given up again.').waitFor();
      await notes.getByText('What happened').click();
      await notes.getByText('gone back 2.0.0 → 1.0.0').waitFor();
    });

    it('have a plan that is taken and taken back, and are added from the catalogue by their names', async () => {
      await registered();
      const page = await app.open('/app/settings/tool-servers', { viewport: { width: 1100, height: 900 } });
      await page.getByRole('button', { name: 'Apply the plan' }).click();
      const report = page.getByRole('region', { name: 'What became of the plan' });
      await report
        .getByText(/switch off \w+: done/)
        .first()
        .waitFor();
      await page.getByText(/notes needs calendar \^2, which is not/).waitFor({ state: 'detached' });
      await look(page, 'plan');
      await page.getByRole('button', { name: 'Undo the plan' }).click();
      await report
        .getByText(/switch on \w+: done/)
        .first()
        .waitFor();
      await page.getByRole('button', { name: 'Apply the plan' }).waitFor();

      const catalogue = page.getByRole('region', { name: 'Add from the catalogue' });
      await catalogue.getByRole('button', { name: 'Add A sample' }).click();
      await catalogue.getByLabel('Short name').fill('by-name');
      await catalogue.getByLabel('Key (optional)').fill('top-secret');
      await look(page, 'catalogue');
      await catalogue.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('region', { name: 'Servers', exact: true }).getByText('by-name — A sample').waitFor();
      expect(await page.content()).not.toContain('top-secret');
    });

    it('fit a phone', async () => {
      await registered();
      const page = await app.open('/app/settings/tool-servers', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
      await page.getByRole('heading', { name: 'How they depend on each other' }).waitFor();
      await page.getByRole('article', { name: 'Updates of notes' }).getByRole('button', { name: 'Look for versions' }).waitFor();
      await look(page, 'phone');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    });
  },
  start,
);
