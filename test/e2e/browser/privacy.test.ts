import { expect, test } from 'vitest';
import { describeInBrowser } from './app.ts';

describeInBrowser('what one can ask for about one’s own data', (app) => {
  const post = async (path: string, body: unknown): Promise<Record<string, string>> => {
    const response = await fetch(app.baseUrl + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return (await response.json()) as Record<string, string>;
  };
  /** A page of somebody with an account, who comes with a token. */
  const pageOfSomebody = async () => {
    const { person } = await post('/api/people', { name: 'Ada' });
    const { token } = await post('/api/tokens', { person });
    return app.open('/app/settings/data', { extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  };
  const look = async (page: Awaited<ReturnType<typeof pageOfSomebody>>, name: string): Promise<void> => {
    const folder = process.env['ANNALS_SCREENSHOTS'];
    if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
  };

  test('restricts processing and takes it back', async () => {
    const page = await pageOfSomebody();
    const restrict = page.getByLabel('Restrict processing');
    await restrict.click();
    await expect.poll(() => restrict.isChecked()).toBe(true);
    await look(page, 'privacy');
    await page.reload();
    await expect.poll(() => page.getByLabel('Restrict processing').isChecked()).toBe(true);
    await page.getByLabel('Restrict processing').click();
    await expect.poll(() => page.getByLabel('Restrict processing').isChecked()).toBe(false);
  });

  test('deletes the account once it has been typed, and shows how far that is until all is gone', async () => {
    const page = await pageOfSomebody();
    const confirm = page.getByLabel('Type “delete my account”');
    await confirm.fill('no');
    await page.getByRole('button', { name: 'Delete my account' }).click();
    expect(await page.getByRole('heading', { name: 'Your data', exact: true }).isVisible()).toBe(true);
    await confirm.fill('delete my account');
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByRole('heading', { name: /is (being deleted|gone)/ }).waitFor();
    await look(page, 'erasing');
    await page.getByRole('heading', { name: 'Your account is gone' }).waitFor({ timeout: 30_000 });
    await look(page, 'erased');
  });

  test('tells the person at the machine what to do instead', async () => {
    const page = await app.open('/app/settings/data');
    await page.getByLabel('Type “delete my account”').fill('delete my account');
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText(/Nobody could administer|delete its data folder/).waitFor();
  });
});
