export interface SearchHit {
  readonly title: string;
  readonly url: string;
  readonly snippet: string;
}

/** Searches the web. Rejects with `SearchFailed` when the service does not answer, or not as it should. */
export type WebSearch = (query: string, options: { readonly count: number; readonly signal: AbortSignal }) => Promise<readonly SearchHit[]>;

/** What went wrong, in words that may be shown: nothing of keys or addresses. */
export class SearchFailed extends Error {
  override readonly name = 'SearchFailed';
}
