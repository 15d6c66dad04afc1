import { Part } from '../../../domain/message.ts';
import { attachedPieces, attachmentFrom, auiFromFile, fileFromAui } from './aui-file.ts';
import type { Ending } from './aui-metadata.ts';
import { auiMetadataFrom, endingFrom, metadataFromAui, statusFrom } from './aui-metadata.ts';
import { auiFromTool, toolFromAui } from './aui-tool.ts';
import type { FileLinks } from './file-links.ts';
import { fileLinks } from './file-links.ts';
import type { JsonObject } from './json.ts';
import { isRecord, jsonObjectOf, jsonOf, providerMetadataOf, stringOf, withoutUndefined } from './json.ts';
import { keptPart, keptPartName, partKeptIn, rawPart } from './kept-part.ts';
import type { MessageRole, WireMessage } from './wire-message.ts';
import { roleOf } from './wire-message.ts';

/** assistant-ui's ThreadMessage without id and createdAt, as its local runtimes store it. */
export const auiFormat = 'aui/v0';

const dataPrefix = 'data-';

const dataFrom = (name: string, data: unknown): Part => partKeptIn(name, data) ?? { type: 'data', name, data: jsonOf(data) ?? null };

const sourceFrom = ({ id, sourceType, providerMetadata, ...source }: Record<string, unknown>) => {
  const metadata = providerMetadataOf(providerMetadata);
  return Part.safeParse({ ...source, type: `source-${sourceType}`, sourceId: id, ...(metadata ? { providerMetadata: metadata } : {}) }).data;
};

const knownFrom = (value: Record<string, unknown>, type: string, links: FileLinks, contentType?: string, name?: string): Part | undefined => {
  switch (type) {
    case 'text':
    case 'reasoning':
      return Part.safeParse(value).data;
    case 'image':
    case 'file':
      return fileFromAui(value, links, contentType, name);
    case 'source':
      return sourceFrom(value);
    case 'tool-call':
      return toolFromAui(value);
    case 'data':
      return typeof value['name'] === 'string' ? dataFrom(value['name'], value['data']) : undefined;
    default:
      return type.startsWith(dataPrefix) ? dataFrom(type.slice(dataPrefix.length), value['data']) : undefined;
  }
};

const partsFrom = (value: unknown, links: FileLinks, contentType?: string, name?: string): readonly Part[] => {
  const known = isRecord(value) && typeof value['type'] === 'string' ? knownFrom(value, value['type'], links, contentType, name) : undefined;
  const part = known ?? rawPart(auiFormat, value);
  return part === undefined ? [] : [part];
};

/**
 * Reads a ThreadMessage, whatever is in it: attachments follow the content as parts, unknown parts are kept word for word. `outcome` and
 * `finishReason` are what its status says. Lost: `parentId`, timing, artifacts, interrupts and nested messages of tool calls, summaries of reasoning.
 */
export const partsFromAuiMessage = (
  content: unknown,
  links: FileLinks = fileLinks,
): { role: MessageRole; parts: Part[]; metadata: JsonObject } & Ending => {
  const message = jsonObjectOf(content);
  const { content: pieces, attachments, metadata, status } = message;
  const attached = Array.isArray(attachments) ? attachments.flatMap(attachedPieces) : [];
  return {
    role: roleOf(message['role']),
    parts: [
      ...(typeof pieces === 'string' ? [{ type: 'text' as const, text: pieces }] : []),
      ...(Array.isArray(pieces) ? pieces.flatMap((piece) => partsFrom(piece, links)) : []),
      ...attached.flatMap(({ piece, contentType, name }) => partsFrom(piece, links, contentType, name)),
    ],
    metadata: metadataFromAui(metadata),
    ...endingFrom(status),
  };
};

const kept = (part: Part): JsonObject => ({ type: 'data', name: keptPartName, data: keptPart(part) });

const standsAsItIs = (part: Part & { type: 'raw' }, links: FileLinks) =>
  part.format === auiFormat && isRecord(part.value) && typeof part.value['type'] === 'string' && partsFrom(part.value, links)[0]?.type === 'raw';

const auiPartFrom = (part: Part, role: MessageRole, links: FileLinks): JsonObject => {
  if (role === 'user' && part.type !== 'text' && part.type !== 'data' && part.type !== 'raw') return kept(part);
  switch (part.type) {
    case 'file':
      return auiFromFile(part, links);
    case 'source-url':
    case 'source-document': {
      const { type, sourceId, ...source } = part;
      return { type: 'source', sourceType: type.slice('source-'.length), id: sourceId, ...jsonObjectOf(source) };
    }
    case 'data':
      return part.name === keptPartName ? kept(part) : { type: 'data', name: part.name, data: part.data };
    case 'tool':
      return auiFromTool(part);
    case 'raw':
      return standsAsItIs(part, links) ? jsonObjectOf(part.value) : kept(part);
    default:
      return jsonObjectOf(part);
  }
};

const textOf = (parts: readonly Part[]) => parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');

const contentFrom = (role: MessageRole, parts: readonly Part[], links: FileLinks): JsonObject => {
  if (role === 'system') return { content: [{ type: 'text', text: textOf(parts) }] };
  if (role === 'assistant') return { content: parts.map((part) => auiPartFrom(part, role, links)) };
  const files = parts.filter((part) => part.type === 'file');
  return withoutUndefined({
    content: parts.filter((part) => part.type !== 'file').map((part) => auiPartFrom(part, role, links)),
    attachments: files.length > 0 ? files.map((part, index) => attachmentFrom(part, index, links)) : undefined,
  });
};

/**
 * A ThreadMessage without id and createdAt. Against the parts it came from, reading it back loses only this: ids of data parts; `dynamic: false` of
 * tools; a denial or an open approval without `approval`; the place of a person's files among the other parts, their missing names, and the
 * media type of an image whose data url says another; all of a system message but its text; and metadata keys unknown to assistant-ui, which move into `custom`.
 */
export const auiMessageFrom = ({ role, parts, metadata, ...ending }: WireMessage & Ending, links: FileLinks = fileLinks): JsonObject => ({
  role,
  ...contentFrom(role, parts, links),
  ...(role === 'assistant' ? { status: statusFrom(ending, parts) } : {}),
  metadata: auiMetadataFrom(metadata, role),
});

/** The run and the messages of ours that metadata speaks of, in whichever place the client's runtime has put them. */
export const joinKeysOf = (metadata: JsonObject): { runId?: string; messageIds: readonly string[] } => {
  const places = [
    metadata['custom'],
    ...[metadata['unstable_data'], metadata['unstable_annotations'], metadata['steps']].flatMap((list) => list ?? []),
  ];
  const named = (key: string) => places.flatMap((place) => (isRecord(place) ? (stringOf(place[key]) ?? []) : []));
  const runId = named('runId')[0];
  return { ...(runId === undefined ? {} : { runId }), messageIds: [...new Set(named('messageId'))] };
};
