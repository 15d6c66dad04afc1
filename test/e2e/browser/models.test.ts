import { expect, it } from 'vitest';
import { describeInBrowser } from './app.ts';

describeInBrowser('the page of who may use which models', (app) => {
  it('keeps a model to a role and a person, takes one of them out, and gives it back to everybody, on a phone too', async () => {
    const response = await fetch(`${app.baseUrl}/api/people`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Ada Lovelace' }),
    });
    const { person } = (await response.json()) as { person: string };
    const page = await app.open('/app/settings/models', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await page.getByText('Every model is for everybody.').waitFor();
    await page.getByRole('combobox', { name: /^Model/ }).fill('demo/demo');
    await page.getByRole('combobox', { name: /^A person/ }).fill(person);
    await page.getByLabel(/^or a role/).selectOption('auditor');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('Ada Lovelace, auditor').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    if (process.env['ANNALS_SCREENSHOTS']) await page.screenshot({ path: `${process.env['ANNALS_SCREENSHOTS']}/models-phone.png`, fullPage: true });
    await page.getByRole('button', { name: 'Not auditor' }).click();
    await page.getByRole('button', { name: 'Not auditor' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'For everybody' }).click();
    await page.getByText('Every model is for everybody.').waitFor();
    await page.getByRole('combobox', { name: /^Model/ }).fill('demo/*');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('administrators alone').first().waitFor();
    await page.getByRole('button', { name: 'For everybody' }).click();
  });
});
