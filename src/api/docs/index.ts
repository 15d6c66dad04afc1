import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import { json } from '../http/answer.ts';
import { failed } from '../http/mount.ts';
import { docsHeaders } from '../http/page.ts';
import { HttpError, problem } from '../http/problem.ts';
import type { Kernel, RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { openApi } from './openapi.ts';
import { redocPage, redocScript, swaggerPage, swaggerScript } from './pages.ts';

const require = createRequire(import.meta.url);
const swagger = dirname(require.resolve('swagger-ui-dist/package.json'));
const redoc = join(dirname(require.resolve('redoc/package.json')), 'bundles');

/** Library files by the name under which the pages load them. */
const assets: Readonly<Record<string, string>> = {
  'swagger-ui.css': join(swagger, 'swagger-ui.css'),
  'swagger-ui-bundle.js': join(swagger, 'swagger-ui-bundle.js'),
  'redoc.js': join(redoc, 'redoc.standalone.js'),
};
const pages: Readonly<Record<string, { type: string; text: string }>> = {
  '/docs': { type: 'html', text: swaggerPage },
  '/redoc': { type: 'html', text: redocPage },
  '/docs/assets/open-swagger.js': { type: 'js', text: swaggerScript },
  '/docs/assets/open-redoc.js': { type: 'js', text: redocScript },
};

/** The document itself, of all routes that the server has when it is asked for. */
export const docsRoutes = (routes: () => readonly RouteDefinition[]): readonly RouteDefinition[] => {
  let document: ReturnType<typeof openApi> | undefined;
  return [
    route({
      method: 'GET',
      path: '/api/openapi.json',
      summary: 'This description of the API, as OpenAPI 3.1',
      tags: ['Operations'],
      responses: { 200: { description: 'The document.', schema: z.record(z.string(), z.json()) }, 401: { description: 'The request is nobody’s.' } },
      handle: async ({ principal }: RouteRequest) => {
        if (principal.kind === 'anonymous') throw new HttpError('NotFound', 'There is nothing at this address.');
        document ??= openApi(routes());
        return json(200, document);
      },
    }),
  ];
};

/** The document to browse: `/docs` and `/redoc`, without anything from elsewhere. Strangers see neither. */
export function mountDocs(app: Express, kernel: Kernel): void {
  const known = (serve: (res: Response) => void) => async (req: Request, res: Response) => {
    const identified = await kernel.identity.identify(req);
    if (!identified.ok) return failed(kernel, problem, req, res, new HttpError(identified.code, identified.message));
    serve(res);
  };
  for (const [path, { type, text }] of Object.entries(pages))
    app.get(
      path,
      known((res) => void res.set(docsHeaders).type(type).send(text)),
    );
  for (const [name, file] of Object.entries(assets))
    app.get(
      `/docs/assets/${name}`,
      known((res) => res.set(docsHeaders).sendFile(file, { cacheControl: false })),
    );
}
