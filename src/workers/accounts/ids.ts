import { randomBytes } from 'node:crypto';

const newId = (prefix: string): string => prefix + randomBytes(16).toString('hex');
export const newInvitationId = (): string => newId('invitation_');
export const newResetId = (): string => newId('reset_');
