import type { Request } from 'express';
import type { SecurityNote } from '../../commands/security-log.ts';
import type { Visit } from './request.ts';

/** The request's part of a note for the security log: `annals.security.record({ kind: 'login-failed', ...noteOf(visit) })`. */
export const noteOf = ({
  req,
  kernel,
  requestId,
}: Pick<Visit, 'req' | 'kernel' | 'requestId'>): Pick<SecurityNote, 'door' | 'address' | 'correlationId'> => ({
  door: doorOf(req),
  address: kernel.identity.addressOf(req),
  correlationId: requestId,
});

/** The route as the document names it; where there is none, only the method: what else stands in an address is somebody's words. */
const doorOf = ({ method, route }: Request): string =>
  typeof route?.path === 'string' ? `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}` : method;
