import type { Tell } from '../commands/command.ts';
import { whyUnavailable } from './unavailable.ts';

/** A disk that fails outside the log is as good a reason to repeat as one that fails on it. */
export const answeringUnavailable =
  (tell: Tell): Tell =>
  async (principal, command, options) => {
    try {
      return await tell(principal, command, options);
    } catch (error) {
      const message = whyUnavailable(error);
      if (message === undefined) throw error;
      return { ok: false, error: { code: 'StoreUnavailable', message } };
    }
  };
