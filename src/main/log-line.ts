const written: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** One line for one message, whatever somebody managed to get into it: ends of lines, escape sequences of terminals and marks that turn text round are written out. */
export const logLine = (message: string): string =>
  message.replaceAll(UNSEEN, (unseen) => written[unseen] ?? `\\u${unseen.charCodeAt(0).toString(16).padStart(4, '0')}`);
