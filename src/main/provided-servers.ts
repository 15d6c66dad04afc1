import { readFileSync } from 'node:fs';
import { type ConfigEntry, McpConfig, readConfig } from '../domain/mcp/config.ts';
import { StartRefused, sentenceOf } from './refused.ts';

/** The servers of tools that the operator's file names. Throws `StartRefused` when it cannot be read as one. */
export function providedServers(file: string | undefined): readonly ConfigEntry[] {
  if (file === undefined) return [];
  const unusable = (why: string): StartRefused => new StartRefused(`The file ${file} in AICHAT_MCP_SERVERS_FILE cannot be used: ${why}.`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unusable(sentenceOf(error));
  }
  const parsed = McpConfig.safeParse(json);
  if (!parsed.success) throw unusable('it has no mcpServers');
  return readConfig(parsed.data);
}
