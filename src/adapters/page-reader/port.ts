export interface Page {
  /** Where it was found in the end. */
  readonly url: string;
  readonly title: string;
  /** The main content, as Markdown. */
  readonly text: string;
}

/** Fetches a page of the web and reads what it says. Rejects with `PageUnreadable`. */
export type ReadPage = (url: string, options: { readonly signal: AbortSignal }) => Promise<Page>;

/** Why not, in words that may be shown. */
export class PageUnreadable extends Error {
  override readonly name = 'PageUnreadable';
}
