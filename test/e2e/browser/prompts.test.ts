import { expect, it } from 'vitest';
import { answer, composer, describeInBrowser, say } from './app.ts';

describeInBrowser('prompts in the browser', (app) => {
  it('are made, tried, changed, compared, gone back to, and called in a conversation', async () => {
    const page = await app.open('/app/settings/prompts');
    await page.getByRole('textbox', { name: 'Name' }).fill('greet');
    await page.getByRole('textbox', { name: 'Title' }).fill('A greeting');
    await page.getByRole('textbox', { name: 'Text' }).fill('Say hello to {{who}}.');
    await page.getByRole('button', { name: 'Keep the prompt' }).click();
    const tried = page.getByRole('region', { name: 'Try it' });
    await tried.getByRole('textbox', { name: 'who' }).fill('{{who}} & Ada');
    await tried.getByRole('button', { name: 'Try it' }).click();
    await tried.getByText('Say hello to {{who}} & Ada.').waitFor();

    const text = page.getByRole('form', { name: 'Keep as a new version' }).getByRole('textbox', { name: 'Text' });
    await text.fill('Say good morning to {{who}}.');
    await page.getByRole('button', { name: 'Keep as a new version' }).click();
    const versions = page.getByRole('region', { name: 'Versions' });
    await versions.getByText('Version 2').waitFor();
    await versions.getByRole('button', { name: 'Changes' }).click();
    await versions.getByText('− Say hello to {{who}}.').waitFor();
    await versions.getByText('+ Say good morning to {{who}}.').waitFor();
    await versions.getByRole('button', { name: 'Go back to it' }).click();
    await versions.getByText('says again what version 1 said').waitFor();
    await versions.getByRole('button', { name: 'Pin' }).first().click();
    await page.getByText('version 3, pinned').waitFor();

    const sharing = page.getByRole('region', { name: 'Sharing' });
    await sharing.getByRole('combobox', { name: 'or a role' }).selectOption('member');
    await sharing.getByRole('button', { name: 'Share' }).click();
    await sharing.getByText('whoever has this role').waitFor();
    if (process.env['ANNALS_SCREENSHOTS']) await page.screenshot({ path: `${process.env['ANNALS_SCREENSHOTS']}/prompt-shared.png`, fullPage: true });
    await sharing.getByRole('button', { name: 'Stop sharing' }).click();
    await sharing.getByText('It is shared with nobody.').waitFor();

    await page.goto(`${app.baseUrl}/app/`);
    await composer(page).waitFor();
    await say(page, '/greet who=Bob');
    await page.getByText('/greet who=Bob').first().waitFor();
    await answer(page).getByText('Say hello to Bob.').waitFor();
  });

  it('are offered as soon as a message begins with a slash, chosen without a mouse, and in nobody’s way otherwise', async () => {
    const page = await app.open();
    const box = composer(page);
    const menu = page.getByRole('listbox', { name: 'Prompts' });
    await box.fill('/');
    await menu.getByRole('option', { name: /summarize/ }).waitFor();
    if (process.env['ANNALS_SCREENSHOTS']) await page.screenshot({ path: `${process.env['ANNALS_SCREENSHOTS']}/prompt-menu.png` });
    expect(await box.getAttribute('aria-expanded')).toBe('true');
    const first = await box.getAttribute('aria-activedescendant');
    await box.press('ArrowDown');
    expect(await box.getAttribute('aria-activedescendant')).not.toBe(first);
    await box.press('Escape');
    await menu.waitFor({ state: 'detached' });
    await box.fill('');
    await box.pressSequentially('/summ');
    await menu.getByRole('option', { name: /summarize/ }).waitFor();
    await box.press('Enter');
    await expect.poll(() => box.inputValue()).toBe('/summarize ');
    for (const text of ['see /summ', '/no-such-prompt', 'plain']) {
      await box.fill(text);
      expect(await menu.count()).toBe(0);
    }
    await box.fill('/echo still sent');
    await box.press('Enter');
    await answer(page).getByText('still sent').waitFor();
  });

  it('fit a phone', async () => {
    const page = await app.open('/app/settings/prompts', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await page.getByText('/review-code').waitFor();
    await page.getByRole('button', { name: 'Open' }).first().click();
    await page.getByRole('region', { name: 'Try it' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});
