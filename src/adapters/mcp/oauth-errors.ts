import {
  AuthorizationServerMismatchError,
  IssuerMismatchError,
  OAuthError,
  OAuthErrorCode,
  RegistrationRejectedError,
} from '@modelcontextprotocol/client';
import { blockOf } from '../public-address.ts';
import type { LoginError } from './port.ts';

/** Of the authorization server's own making, and over in a moment. */
const PASSING: readonly string[] = [OAuthErrorCode.ServerError, OAuthErrorCode.TemporarilyUnavailable, OAuthErrorCode.TooManyRequests];

/** The errors of the SDK as ours. What a stranger says in them can be anything, also a secret: only its error code is shown. */
export function loginErrorOf(error: unknown): LoginError {
  const block = blockOf(error);
  if (block) return { code: 'Blocked', message: block.message };
  if (error instanceof IssuerMismatchError || error instanceof AuthorizationServerMismatchError)
    return { code: 'WrongIssuer', message: 'The authorization server is another one than it says, or than was asked.' };
  if (error instanceof RegistrationRejectedError || (error instanceof Error && /dynamic client registration/i.test(error.message)))
    return {
      code: 'Refused',
      message: 'The authorization server registers no clients by itself: have one registered there, and give its id with the tool server.',
    };
  if (error instanceof OAuthError) {
    const word = /^[a-z_]{1,40}$/.test(error.code) ? ` (${error.code})` : '';
    return PASSING.includes(error.code)
      ? { code: 'Unreachable', message: `The authorization server cannot answer now${word}.` }
      : { code: 'Refused', message: `The authorization server refused${word}.` };
  }
  if (error instanceof TypeError || (error instanceof DOMException && (error.name === 'TimeoutError' || error.name === 'AbortError')))
    return { code: 'Unreachable', message: 'The authorization server could not be reached.' };
  return { code: 'BadAnswer', message: 'What the server says of how to log in cannot be used.' };
}
