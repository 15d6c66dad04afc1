import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http/problem.ts';
import { openRoute, type RouteDefinition } from '../http/route.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const isToken = (req: IncomingMessage, token: string | undefined): boolean => {
  const { authorization = '' } = req.headers;
  return token !== undefined && authorization.startsWith('Bearer ') && timingSafeEqual(digest(authorization.slice('Bearer '.length)), digest(token));
};

/** Figures for Prometheus: for administrators, and for whoever has the token that is set for it. */
export const metricsRoutes = ({ metricsToken }: { readonly metricsToken?: string | undefined }): readonly RouteDefinition[] => [
  openRoute({
    method: 'GET',
    path: '/metrics',
    summary: 'Figures of this process, as Prometheus reads them',
    description: 'For administrators, or with ANNALS_METRICS_TOKEN as a bearer token.',
    tags: ['Operations'],
    responses: {
      200: { description: 'Text exposition format 0.0.4.', contentType: 'text/plain' },
      401: { description: 'Nobody’s.' },
      403: { description: 'Not an administrator’s.' },
    },
    handle: async ({ req, annals, kernel }) => {
      if (!isToken(req, metricsToken)) {
        const identified = await kernel.identity.identify(req);
        if (!identified.ok) throw new HttpError('Unauthenticated', identified.message);
        if (!identified.principal.roles.includes('administrator')) throw new HttpError('Forbidden', 'Only an administrator may see this.');
      }
      const { contentType, text } = await annals.metrics();
      return { status: 200, headers: { 'content-type': contentType, 'cache-control': 'no-store' }, text };
    },
  }),
];
