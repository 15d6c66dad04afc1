import type { Response } from 'express';

/** What a route answers, as a value; a route that has written the response itself (a stream) answers nothing. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** At most one of these: a value sent as JSON, a text, or bytes. */
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
}

export const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Answer => ({
  status,
  json: body,
  ...(headers ? { headers } : {}),
});

export function sendAnswer(res: Response, { status, headers = {}, json: body, text, bytes }: Answer): void {
  if (res.headersSent) return;
  res.status(status);
  if (body !== undefined) res.type('application/json');
  if (text !== undefined) res.type('text/plain; charset=utf-8');
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  if (body !== undefined) res.send(JSON.stringify(body));
  else if (text !== undefined) res.send(text);
  else if (bytes !== undefined) res.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  else res.end();
}
