import { createHmac, createSecretKey } from 'node:crypto';

/** Names of streams that are about somebody's address, from which nothing leads back to it. */
export interface Names {
  /** Of the identity that an e-mail address is for whoever logs in with a password. */
  identity(email: string): string;
  /** Of what is attempted, or from where. */
  attempts(what: string, whoever: string): string;
}

/** Upper and lower case are one address, and so are the two ways to write an accent. */
export const normalAddress = (email: string): string => email.trim().normalize('NFKC').toLowerCase();

export function createNames(secret: Uint8Array): Names {
  const key = createSecretKey(secret);
  const hmac = (...parts: readonly string[]): string => createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex');
  return {
    identity: (email) => hmac('password', normalAddress(email)),
    attempts: (what, whoever) => hmac('attempts', what, whoever),
  };
}
