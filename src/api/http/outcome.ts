import type { Told } from '../../commands/command.ts';
import type { DomainError } from '../../domain/decider.ts';
import type { Asked } from '../../projections/query.ts';
import { HttpError } from './problem.ts';

const thrown = ({ code, message, details }: DomainError): HttpError => new HttpError(code, message, details);

/** What was asked for, or the error thrown as the route's answer. */
export function needed<Data>(asked: Asked<Data>): Data {
  if (asked.ok) return asked.data;
  throw thrown(asked.error);
}

/** What was told, or the error thrown as the route's answer. */
export function done<Result>(told: Told<Result>): Extract<Told<Result>, { ok: true }> {
  if (told.ok) return told;
  throw thrown(told.error);
}
