/** Something that keeps the server from starting, in one sentence that says what to do. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

export const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
