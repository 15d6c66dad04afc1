import { Part } from '../../../domain/message.ts';
import type { FileLinks } from './file-links.ts';
import { fileFrom, fileLinks, urlOfFile } from './file-links.ts';
import type { JsonObject } from './json.ts';
import { isRecord, jsonObjectOf, jsonOf, providerMetadataOf, stringOf, withoutUndefined } from './json.ts';
import { keptPart, keptPartName, partKeptIn, rawPart } from './kept-part.ts';
import { isToolType, toolFromUi, uiFromTool } from './ui-tool.ts';
import type { WireMessage } from './wire-message.ts';
import { roleOf } from './wire-message.ts';

/** The AI SDK's UIMessage without its id, as assistant-ui stores it; AI SDK 7 still writes this name. */
export const uiFormat = 'ai-sdk/v6';

const dataPrefix = 'data-';

const withProperMetadata = ({ providerMetadata, ...part }: Record<string, unknown>): JsonObject =>
  withoutUndefined({ ...jsonObjectOf(part), providerMetadata: providerMetadataOf(providerMetadata) });

const knownFrom = (value: Record<string, unknown>, type: string, links: FileLinks): Part | undefined => {
  switch (type) {
    case 'text':
    case 'reasoning':
    case 'source-url':
    case 'source-document':
      return Part.safeParse(withProperMetadata(Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null)))).data;
    case 'file': {
      const mediaType = stringOf(value['mediaType']);
      return mediaType === undefined ? undefined : fileFrom(mediaType, stringOf(value['url']), stringOf(value['filename']), links);
    }
    default:
      return isToolType(type) ? toolFromUi(value) : type.startsWith(dataPrefix) ? dataFrom(value, type.slice(dataPrefix.length)) : undefined;
  }
};

const dataFrom = (value: Record<string, unknown>, name: string): Part => {
  const id = stringOf(value['id']);
  return partKeptIn(name, value['data']) ?? { type: 'data', name, ...(id === undefined ? {} : { id }), data: jsonOf(value['data']) ?? null };
};

const partsFrom = (value: unknown, links: FileLinks): readonly Part[] => {
  const type = isRecord(value) ? value['type'] : undefined;
  if (type === 'step-start') return [];
  const part = (isRecord(value) && typeof type === 'string' ? knownFrom(value, type, links) : undefined) ?? rawPart(uiFormat, value);
  return part === undefined ? [] : [part];
};

/**
 * Reads a UIMessage, whatever is in it: unknown parts are kept word for word, step boundaries carry nothing and are dropped. What our parts have no
 * place for is lost: text `state`, `providerMetadata` of text, reasoning and files, `title`, `toolMetadata` and result metadata of tools.
 */
export const partsFromUiMessage = (
  content: unknown,
  links: FileLinks = fileLinks,
): { role: WireMessage['role']; parts: Part[]; metadata: JsonObject } => {
  const message = jsonObjectOf(content);
  const { parts, content: text } = message;
  const read = Array.isArray(parts) ? parts.flatMap((part) => partsFrom(part, links)) : [];
  return {
    role: roleOf(message['role']),
    parts: !Array.isArray(parts) && typeof text === 'string' ? [{ type: 'text', text }] : read,
    metadata: jsonObjectOf(message['metadata']),
  };
};

/** Only what reading gives back as it is may stand among the parts in its own words; a bare value would break the client's reader. */
const standsAsItIs = (part: Part & { type: 'raw' }, links: FileLinks) =>
  part.format === uiFormat && isRecord(part.value) && typeof part.value['type'] === 'string' && partsFrom(part.value, links)[0]?.type === 'raw';

/** A data part that carries a part of ours which the format has no form for. */
export const keptUiPart = (part: Part): JsonObject => ({ type: `${dataPrefix}${keptPartName}`, data: keptPart(part) });

/** One part as the AI SDK has it. A part of another format travels in a data part of our own, which reading opens again. */
export const uiPartFrom = (part: Part, links: FileLinks = fileLinks): JsonObject => {
  switch (part.type) {
    case 'file':
      return withoutUndefined({ type: 'file', mediaType: part.mediaType, filename: part.filename, url: urlOfFile(part, links) });
    case 'data':
      return part.name === keptPartName ? keptUiPart(part) : withoutUndefined({ type: `${dataPrefix}${part.name}`, id: part.id, data: part.data });
    case 'tool':
      return uiFromTool(part);
    case 'raw':
      return standsAsItIs(part, links) && isRecord(part.value) ? jsonObjectOf(part.value) : keptUiPart(part);
    default:
      return withProperMetadata(part);
  }
};

/** The AI SDK tells by step boundaries whether the last round of tool calls is complete: a model's words after a tool call begin a new step. */
const beginsStep = (part: Part, previous: Part | undefined) => previous === undefined || (previous.type === 'tool' && part.type !== 'tool');

/** A UIMessage without its id. Identity with `partsFromUiMessage` for every part whose ended tool call has an output or an error. */
export const uiMessageFrom = ({ role, parts, metadata }: WireMessage, links: FileLinks = fileLinks): JsonObject => ({
  role,
  parts: parts.flatMap((part, index) => [
    ...(role === 'assistant' && beginsStep(part, parts[index - 1]) ? [{ type: 'step-start' }] : []),
    uiPartFrom(part, links),
  ]),
  metadata,
});
