/** What names of servers and tools are recognised by while they stay sealed: an HMAC of the text with the installation’s secret. */
export type Tag = (text: string) => string;

/** Of the short name of a server, within the ring of one owner: it is another one in every ring, so that nobody's can be told from another's. */
export const slugTag = (tag: Tag, ring: string, slug: string): string => tag(`mcp server ${ring} ${slug}`);

/** Of the name of a tool; null, for all tools of the server, stays null. */
export function toolTag(tag: Tag, serverId: string, tool: string): string;
export function toolTag(tag: Tag, serverId: string, tool: string | null): string | null;
export function toolTag(tag: Tag, serverId: string, tool: string | null): string | null {
  return tool === null ? null : tag(`mcp tool ${serverId} ${tool}`);
}
