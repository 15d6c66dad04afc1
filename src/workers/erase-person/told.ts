import type { Told } from '../../commands/command.ts';

/** Throws when a command was refused for another reason than that there is nothing to do any more. */
export function told(outcome: Told<unknown>, ...fine: readonly string[]): void {
  if (outcome.ok || ['NotFound', 'Superseded', ...fine].includes(outcome.error.code)) return;
  const { code, message } = outcome.error;
  throw Object.assign(
    new Error(`${code}: ${message}`),
    ['OutcomeUnknown', 'Conflict', 'StoreUnavailable'].includes(code) ? { code: 'StoreUnavailable' } : {},
  );
}
