import { z } from 'zod';
import { ConversationId } from '../../domain/ids.ts';
import type { Answer } from '../http/answer.ts';
import { errorHeaders, HttpError, statusOf } from '../http/problem.ts';
import type { ErrorForm, Responses } from '../http/route.ts';
import { ErrorResponse } from './wire/thread-json.ts';

/** An error as assistant-cloud reads it: `error` for programs, `message` for persons, everything else details. */
export const cloudErrors: ErrorForm = (error) => ({
  status: statusOf(error.code),
  headers: errorHeaders(error),
  json: { ...error.details, error: error.code, message: error.message },
});

/** An error of the chat: its text is what the person is shown. */
export const plainErrors: ErrorForm = (error) => ({ status: statusOf(error.code), headers: errorHeaders(error), text: error.message });

export const notHere = (what = 'thing'): HttpError => new HttpError('NotFound', `There is no such ${what} here, or it is not yours.`);

/** A thread's id, from wherever; what is no id of ours names nothing. */
export function threadIn(value: unknown): ConversationId {
  const parsed = ConversationId.safeParse(value);
  if (!parsed.success) throw notHere('thread');
  return parsed.data;
}

export const nothing: Answer = { status: 200, json: {} };
export const tags = ['assistant-ui'] as const;

export const asJson = (description: string) => ({ description, schema: ErrorResponse });
export const cloudRefusals: Responses = {
  400: asJson('The request does not fit the schema.'),
  401: asJson('The request is nobody’s.'),
  404: asJson('There is no such thing here, or it is not yours.'),
};
const asText = (description: string) => ({ description, contentType: 'text/plain', schema: z.string() });
export const plainRefusals: Responses = {
  400: asText('The request cannot be read, or names a model that there is not.'),
  401: asText('The request is nobody’s.'),
  404: asText('There is no such thread or stream here, or it is not yours.'),
  409: asText('It does not go together with how the thread stands.'),
};
