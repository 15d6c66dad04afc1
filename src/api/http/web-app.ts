import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type Express, type Response } from 'express';
import { pageHeaders } from './page.ts';

const BUILT = fileURLToPath(new URL('../../../web/dist', import.meta.url));

/** The browser app under `/app/`; every path there that is no file opens it, so that its own addresses can be loaded. */
export function mountWebApp(app: Express, folder: string = BUILT): void {
  app.get('/', (_req, res) => res.redirect(302, '/app/'));
  // Express takes `/app` and `/app/` for one path.
  app.get('/app', (req, res, next) => (req.path === '/app' ? res.redirect(302, '/app/') : next()));
  // Maps are for whoever has the sources.
  app.get(/^\/app\/.*\.map$/i, (_req, _res, next) => next('router'));
  app.use(
    '/app',
    express.static(folder, {
      index: false,
      redirect: false,
      etag: true,
      setHeaders: (res, path) => {
        for (const [name, value] of Object.entries(pageHeaders)) res.setHeader(name, value);
        res.setHeader('Cache-Control', /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    }),
  );
  app.get('/app/{*path}', (req, res, next) => {
    if (/[.][^/]*$|[/][.]/.test(req.path)) return next();
    return existsSync(join(folder, 'index.html')) ? sendIndex(res, folder) : notBuilt(res);
  });
}

function sendIndex(res: Response, folder: string): void {
  res.set(pageHeaders).set('Cache-Control', 'no-cache').sendFile(join(folder, 'index.html'), { cacheControl: false });
}

function notBuilt(res: Response): void {
  const page =
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Annals</title><p>The web app has not been built yet: run <code>npm run build:web</code> and load this page again.</p></html>';
  res.status(503).set(pageHeaders).type('html').send(page);
}
