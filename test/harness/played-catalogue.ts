import type { McpCatalogue } from '../../src/adapters/mcp-catalogue/port.ts';
import { Catalogue } from '../../src/domain/mcp/catalogue.ts';

/** A catalogue of these entries, as an operator has signed it. */
export const playCatalogue = (...servers: readonly object[]): McpCatalogue => {
  const entries = Catalogue.parse({ servers }).servers.map((entry) => ({ entry, source: 'operator' as const }));
  return { read: async () => ({ entries, problem: null }) };
};

/** One entry, where nobody listens. */
export const sampleCatalogue = playCatalogue({
  name: 'sample-server',
  title: 'A sample',
  url: 'http://127.0.0.1:1/mcp',
  headers: [{ name: 'x-key', title: 'Key', required: false }],
  requires: { notes: '^1' },
});
