import { expect, it } from 'vitest';
import { answer, composer, describeInBrowser, say, settled, stopRequests, threadId } from './app.ts';
import { script } from './server.ts';

const brightness = `(() => {
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
  return (red + green + blue) / 3;
})()`;

describeInBrowser('the look and feel of the app', (app) => {
  it('is dark when the system is, and as chosen once chosen, from the first paint on', async () => {
    const page = await app.open('/app/', { colorScheme: 'dark' });
    expect(await page.evaluate(brightness)).toBeLessThan(60);
    await page.getByRole('button', { name: /^Theme: system/ }).click();
    expect(await page.evaluate(brightness)).toBeGreaterThan(200);
    await page.reload({ waitUntil: 'commit' });
    await page.getByRole('button', { name: /^Theme: light/ }).click();
    expect(await page.evaluate(brightness)).toBeLessThan(60);
  });

  it('fits a phone: the list is a drawer, and nothing is wider than the screen', async () => {
    const page = await app.open('/app/', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await say(page, script.rich.ask);
    await answer(page).getByText(script.rich.code).waitFor();
    await settled(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.getByRole('button', { name: 'Show the conversations' }).click();
    await page.getByRole('navigation', { name: 'Conversations' }).getByRole('button', { name: 'New conversation' }).click();
    await composer(page).waitFor();
    await expect.poll(() => answer(page).count()).toBe(0);
    await page.getByRole('button', { name: 'Show the conversations' }).waitFor();
  });

  it('can be used with the keyboard alone', async () => {
    const page = await app.open();
    const stops = stopRequests(page);
    await composer(page).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement?.id')).toBe('composer');
    await page.keyboard.type(script.long.ask);
    await page.keyboard.press('Enter');
    await page.getByText(script.long.begins).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Stopped here.').waitFor();
    await expect.poll(() => stops.length).toBe(1);

    await page.keyboard.press('Control+Shift+O');
    await page.getByText('What is said here is kept').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('/');
    await page.keyboard.type(script.short.ask);
    await page.keyboard.press('Enter');
    await answer(page).getByText(script.short.answer).waitFor();
    await settled(page);

    await page.keyboard.press('Control+B');
    await expect.poll(() => page.getByRole('button', { name: 'Show the conversations' }).count()).toBe(1);
    await page.keyboard.press('Control+B');
    await expect.poll(() => page.getByRole('button', { name: 'Hide the conversations' }).count()).toBe(1);
  });

  it('shows the history of a conversation as a timeline that can be filtered and unfolded', async () => {
    const page = await app.open();
    await say(page, script.short.ask);
    await answer(page).getByText(script.short.answer).waitFor();
    await settled(page);
    const id = await threadId(page);
    await page.getByRole('button', { name: 'History of this conversation' }).click();
    const history = page.getByRole('main', { name: 'History' });
    await history.getByText(script.short.ask).first().waitFor();
    expect(new URL(page.url()).pathname).toBe(`/app/history/${id}`);

    const rows = history.getByRole('listitem');
    const all = await rows.count();
    await history.getByRole('button', { name: 'Messages' }).click();
    const some = await rows.count();
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(all);
    await history.getByRole('searchbox').fill('nothing is like this');
    await history.getByText('No event is like that.').waitFor();
    await history.getByRole('searchbox').fill('');

    await rows.first().locator('summary').first().click();
    await rows.first().getByText('Leaf', { exact: true }).waitFor();
    await rows.first().getByText(script.short.ask).last().waitFor();

    await page.reload();
    await history.getByText(script.short.ask).first().waitFor();
    await page.getByRole('button', { name: 'Conversation', exact: true }).first().click();
    await answer(page).getByText(script.short.answer).waitFor();
  });
});
