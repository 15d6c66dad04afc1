import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { entriesOf, linesIn } from '../../privacy/archives.ts';
import { composer, describeInBrowser, say, settled, threadId } from './app.ts';

describeInBrowser('the page of one’s own data in the browser', (app) => {
  it('writes everything into a file, gives it, and takes it in again', async () => {
    const page = await app.open();
    await composer(page).waitFor();
    await say(page, '/echo kept for ever');
    await settled(page);
    const thread = await threadId(page);
    await page.goto(`${app.baseUrl}/app/settings/data`);
    await page.getByRole('button', { name: 'Put it into a file' }).click();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    const bytes = readFileSync(await (await downloading).path());
    expect(linesIn(await entriesOf(bytes), 'conversations').map(({ id }) => id)).toContain(thread);
    await page.locator('input[type=file]').setInputFiles({ name: 'all.tar.gz', mimeType: 'application/gzip', buffer: bytes });
    await page.getByText('All of it is here now.').waitFor();
    await page.locator('input[type=file]').setInputFiles({ name: 'bad.tar.gz', mimeType: 'application/gzip', buffer: Buffer.from('nothing') });
    await page.getByText('not packed with gzip').waitFor();
    if (process.env['ANNALS_SCREENSHOTS']) await page.screenshot({ path: `${process.env['ANNALS_SCREENSHOTS']}/data.png`, fullPage: true });
  });

  it('keeps words that are masked, and an administrator changes what is kept how long', async () => {
    const page = await app.open('/app/settings/data');
    await page.getByRole('textbox', { name: /Your own names/ }).fill('Lovelace\nProject X');
    await page.getByRole('button', { name: 'Keep these words' }).click();
    await page.getByLabel('Mask prompts').selectOption('all');
    await page.getByRole('button', { name: 'Change the rule' }).click();
    await page.getByText('Masked for every provider.').waitFor();
    await page.getByRole('spinbutton', { name: /in the trash/ }).fill('30');
    await page.getByRole('button', { name: 'Change it' }).click();
    await page.getByText('30 days', { exact: true }).waitFor();
    await page.reload();
    expect(await page.getByRole('textbox', { name: /Your own names/ }).inputValue()).toBe('Lovelace\nProject X');
    if (process.env['ANNALS_SCREENSHOTS']) {
      await page.setViewportSize({ width: 1200, height: 1900 });
      await page.screenshot({ path: `${process.env['ANNALS_SCREENSHOTS']}/policies.png` });
    }
  });

  it('fits a phone, and usage says that there is too little to show', async () => {
    const page = await app.open('/app/settings/data', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await page.getByRole('heading', { name: 'Your data', exact: true }).waitFor();
    await page.getByText('How long things are kept here').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.goto(`${app.baseUrl}/app/settings/usage`);
    await page.getByText('There is nothing to show').waitFor();
    if (process.env['ANNALS_SCREENSHOTS']) await page.screenshot({ path: `${process.env['ANNALS_SCREENSHOTS']}/usage.png`, fullPage: true });
  });
});
