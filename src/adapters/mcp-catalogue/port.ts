import type { CatalogueEntry } from '../../domain/mcp/catalogue.ts';

/** An entry, and whether it ships with Annals or stands in the signed file of the operator. */
export interface ListedEntry {
  readonly entry: CatalogueEntry;
  readonly source: 'shipped' | 'operator';
}

/** Servers of tools that may be added by their names. */
export interface McpCatalogue {
  /** `problem`: why nothing of the operator's file can be used, in a sentence that says what to do. */
  read(): Promise<{ readonly entries: readonly ListedEntry[]; readonly problem: string | null }>;
}

/** Where nothing can be added by its name. */
export const noCatalogue: McpCatalogue = { read: async () => ({ entries: [], problem: null }) };
