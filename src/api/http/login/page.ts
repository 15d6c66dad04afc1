import { z } from 'zod';
import type { Answer } from '../answer.ts';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A page of this server's own, with nothing on it that a browser would load or run. */
export const failurePage = (status: number, sentence: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  bytes: Buffer.from(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Annals</title><h1>That did not work</h1><p>${escaped(sentence)}</p><p><a href="/app/login">Log in again</a></p></html>`,
  ),
});

const AppleUser = z.object({ name: z.object({ firstName: z.string().max(120).default(''), lastName: z.string().max(120).default('') }) });

/** The name that Apple posts beside its answer, the first time only, as JSON. https://developer.apple.com/documentation/signinwithapple */
export function givenName(user: string | null): string | undefined {
  try {
    const { name } = AppleUser.parse(JSON.parse(user ?? ''));
    return `${name.firstName} ${name.lastName}`.trim() || undefined;
  } catch {
    return undefined;
  }
}
