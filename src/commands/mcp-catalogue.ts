import { z } from 'zod';
import type { McpCatalogue } from '../adapters/mcp-catalogue/port.ts';
import { isRefusal, refuse } from '../domain/decider.ts';
import type { JsonObject } from '../domain/event.ts';
import { type EntryAnswers, fillEntry } from '../domain/mcp/catalogue.ts';
import type { Prepare } from './command.ts';
import { GivenMcpServer } from './mcp-given.ts';

/** What the entry stands for is read here and nowhere else: nobody who tells the command can say it. `personsStart`: persons may add what is started. */
export const prepareFromCatalogue =
  ({ catalogue, personsStart }: { readonly catalogue: McpCatalogue; readonly personsStart: boolean }): Prepare =>
  async (_principal, input) => {
    const { entries, problem } = await catalogue.read();
    const named = entries.find(({ entry }) => entry.name === input.entry);
    if (!named) return problem === null ? refuse('NotFound', 'There is no such entry in the catalogue.') : refuse('CatalogueUntrusted', problem);
    const filled = fillEntry(named.entry, input as unknown as EntryAnswers);
    if (isRefusal(filled)) return filled;
    const given = GivenMcpServer.safeParse({ ...filled.given, slug: input.slug ?? named.entry.name });
    if (!given.success) return refuse('EntryUnanswered', z.prettifyError(given.error));
    const origin = { source: named.source, entry: named.entry.name, package: filled.package, requirements: filled.requirements };
    return { ...given.data, owner: input.owner, catalogue: { ...origin, mayBeStarted: personsStart && filled.persons } } as unknown as JsonObject;
  };
