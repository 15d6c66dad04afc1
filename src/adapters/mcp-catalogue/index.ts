import { type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { Catalogue } from '../../domain/mcp/catalogue.ts';
import type { ListedEntry, McpCatalogue } from './port.ts';

export interface McpCatalogueOptions {
  /** The operator's file: a path, or an address that begins with https://. Its signature lies beside it, under the same name with `.sig`. */
  readonly place?: string | undefined;
  /** Whose Ed25519 signature it has to bear. */
  readonly key?: KeyObject | undefined;
  /** By what an address is read. */
  readonly fetch: (url: string) => Promise<Response>;
  readonly now?: () => number;
}

const FRESH_MS = 60_000;
const shippedFile = new URL('./shipped.json', import.meta.url);

class Unusable extends Error {}

/** Those that ship with Annals, and those of the operator, which go before where both have one of the same name. */
export function createMcpCatalogue({ place, key, fetch, now = Date.now }: McpCatalogueOptions): McpCatalogue {
  const shipped = listed(Catalogue.parse(JSON.parse(readFileSync(shippedFile, 'utf8'))), 'shipped');
  const isAddress = place?.startsWith('https://') ?? false;
  let kept: { readonly at: number; readonly entries: readonly ListedEntry[] } | undefined;

  const bytesAt = async (from: string): Promise<Buffer> => {
    if (!isAddress) return readFile(from);
    const response = await fetch(from);
    if (!response.ok) throw new Unusable(`${from} answers ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  };
  const operators = async (from: string): Promise<readonly ListedEntry[]> => {
    if (!key)
      throw new Unusable('ANNALS_MCP_CATALOGUE_KEY is not set, so nobody can say who has written it: set it to the public key of who signs it');
    if (isAddress && kept && now() - kept.at < FRESH_MS) return kept.entries;
    const [file, signature] = await Promise.all([bytesAt(from), bytesAt(`${from}.sig`).catch(() => undefined)]);
    if (!signature) throw new Unusable(`its signature, ${from}.sig, cannot be read: sign it anew`);
    if (!verify(null, file, key, Buffer.from(signature.toString('latin1').trim(), 'base64')))
      throw new Unusable('its signature is not that of ANNALS_MCP_CATALOGUE_KEY: sign it anew, or correct the key');
    const parsed = Catalogue.safeParse(jsonOf(file));
    if (!parsed.success) throw new Unusable(`it is no catalogue: ${z.prettifyError(parsed.error)}`);
    kept = { at: now(), entries: listed(parsed.data, 'operator') };
    return kept.entries;
  };

  return {
    async read() {
      if (place === undefined) return { entries: shipped, problem: null };
      try {
        const own = await operators(place);
        const names = new Set(own.map(({ entry }) => entry.name));
        return { entries: [...own, ...shipped.filter(({ entry }) => !names.has(entry.name))], problem: null };
      } catch (error) {
        const why = error instanceof Unusable ? error.message : 'it cannot be read';
        return { entries: shipped, problem: `Nothing of the catalogue in ANNALS_MCP_CATALOGUE is used: ${why}.` };
      }
    },
  };
}

const listed = ({ servers }: z.output<typeof Catalogue>, source: ListedEntry['source']): readonly ListedEntry[] =>
  servers.map((entry) => ({ entry, source }));

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
