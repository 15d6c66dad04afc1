import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { sendAnswer } from './answer.ts';
import type { Doors } from './doors.ts';
import { HttpError, problem } from './problem.ts';
import { requestIdOf } from './request.ts';

const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Aui-Sdk',
  'Aui-User-Id',
  'Aui-Workspace-Id',
  'Idempotency-Key',
  'If-Match',
  'If-Min-Position',
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
  'MCP-Protocol-Version',
  'Prefer',
  'X-Request-Id',
].join(', ');
const ALLOWED_METHODS = 'GET, POST, PUT, PATCH, DELETE';
const EXPOSED_HEADERS = [
  'Authorization',
  'ETag',
  'Annals-Position',
  'x-resumable-stream-id',
  'x-vercel-ai-data-stream',
  'x-vercel-ai-ui-message-stream',
  'Preference-Applied',
  'Retry-After',
  'Location',
  'X-Request-Id',
].join(', ');

/** Nothing that is answered is a page, unless it says so itself. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

/** From then on a browser calls this name by HTTPS alone. */
const A_YEAR = 'max-age=31536000';

/** What every request passes first: an id, headers that narrow what browsers may do with the answer, the Host check, CORS. */
export function guard(doors: Doors): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const requestId = requestIdOf(req);
    res.setHeader('X-Request-Id', requestId);
    res.setHeader('X-Content-Type-Options', 'nosniff');
    res.setHeader('Referrer-Policy', 'no-referrer');
    res.setHeader('X-Frame-Options', 'DENY');
    res.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    res.setHeader('Content-Security-Policy', NO_PAGE);
    res.setHeader('Cache-Control', 'no-store');
    if (doors.isSecure(req)) res.setHeader('Strict-Transport-Security', A_YEAR);
    const refuse = (error: HttpError): void => sendAnswer(res, problem(error.error, requestId));
    // MCP wants both refused with that very status, before anybody is asked who it is.
    const isMcp = req.path === '/mcp';
    const misdirected = isMcp ? 'Forbidden' : 'Misdirected';
    if (!doors.isListedHost(req))
      return refuse(new HttpError(misdirected, 'This server does not answer under that Host name: list it in ANNALS_HOSTS.'));
    if (!req.url.startsWith('/')) return refuse(new HttpError('InvalidInput', 'The address of the request must begin with a slash.'));
    res.setHeader('Vary', 'Origin');
    const origin = doors.listedOrigin(req);
    if (isMcp && origin === undefined && req.headers.origin !== undefined)
      return refuse(new HttpError('Forbidden', 'Pages of this origin may not call the MCP server: list it in ANNALS_ORIGINS.'));
    if (origin !== undefined) {
      res.setHeader('Access-Control-Allow-Origin', origin);
      res.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    }
    if (req.method !== 'OPTIONS') return next();
    if (origin !== undefined) {
      res.setHeader('Access-Control-Allow-Methods', ALLOWED_METHODS);
      res.setHeader('Access-Control-Allow-Headers', ALLOWED_HEADERS);
      res.setHeader('Access-Control-Max-Age', '600');
    }
    return sendAnswer(res, { status: 204 });
  };
}
