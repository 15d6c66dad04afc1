import { execFile } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { type BrowserServer, startServer } from './server.ts';

const candidates = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = candidates.find((path) => path && existsSync(path));
const flags = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface App {
  readonly baseUrl: string;
  /** A page on `path`, in a browser profile of its own. What goes wrong in the page's scripts fails the test. */
  open(path?: string, options?: BrowserContextOptions): Promise<Page>;
}

/** A suite with a server and a browser; skipped where there is no Chromium. */
export function describeInBrowser<Server extends BrowserServer = BrowserServer>(
  name: string,
  define: (app: App, server: Server) => void,
  start: () => Promise<Server> = startServer as () => Promise<never>,
): void {
  if (!executablePath) console.warn(`Skipped “${name}”: no Chromium found. Install it (apt-get install chromium), or set CHROMIUM_PATH.`);
  describe.skipIf(!executablePath)(name, { timeout: 60_000 }, () => {
    let server: Server;
    let browser: Browser;
    const errors: string[] = [];

    beforeAll(async () => {
      await buildApp();
      server = await start();
      browser = await chromium.launch({ executablePath: executablePath ?? '', args: flags });
    }, 120_000);
    afterEach(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()));
      const found = errors.splice(0);
      if (found.length > 0) throw new Error(`Errors in the page:\n${found.join('\n')}`);
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    const app: App = {
      get baseUrl() {
        return server.baseUrl;
      },
      async open(path = '/app/', options = {}) {
        const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: 'en-GB', ...options });
        const page = await context.newPage();
        page.on('pageerror', (error) => errors.push(String(error)));
        page.on('console', (message) => {
          if (message.type() === 'error' && /Content Security Policy|React/.test(message.text())) errors.push(message.text());
        });
        await page.goto(server.baseUrl + path);
        return page;
      },
    };
    // There is none yet when the tests are declared.
    define(app, new Proxy({} as Server, { get: (_none, field) => server[field as keyof Server] }));
  });
}

const built = 'web/dist/index.html';
const sources = ['web/src/**/*', 'web/public/*', 'web/*.{html,ts}', 'packages/client/src/*'];
let building: Promise<unknown> | undefined;

async function buildApp(): Promise<void> {
  const changed = (path: string) => statSync(path).mtimeMs;
  if (existsSync(built) && globSync(sources).every((path) => changed(path) <= changed(built))) return;
  building ??= promisify(execFile)(process.execPath, ['scripts/prepare.js']);
  await building;
}

export const composer = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });
export const answer = (page: Page) => page.locator('[data-role=assistant]').last();

/** Sends a message and leaves the reply running. */
export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

/** Waits until no reply is being written. */
export const settled = (page: Page) => page.getByRole('button', { name: 'Send', exact: true }).waitFor();

/** Waits until the thread has its address, and gives its id. */
export async function threadId(page: Page): Promise<string> {
  await page.waitForURL(/\/app\/c\/./);
  return decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1) ?? '');
}

/** The requests to stop a run that this page sends from now on. */
export function stopRequests(page: Page): string[] {
  const seen: string[] = [];
  page.on('request', (request) => {
    if (/\/aui\/api\/chat\/[^/]+\/stop$/.test(request.url())) seen.push(request.postData() ?? '');
  });
  return seen;
}
