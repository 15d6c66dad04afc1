import type { Ending } from './aui-metadata.ts';
import { auiFormat, auiMessageFrom, partsFromAuiMessage } from './aui-v0.ts';
import type { FileLinks } from './file-links.ts';
import { fileLinks } from './file-links.ts';
import type { JsonObject } from './json.ts';
import { isRecord } from './json.ts';
import { rawPart } from './kept-part.ts';
import { partsFromUiMessage, uiFormat, uiMessageFrom } from './ui-message.ts';
import type { WireMessage } from './wire-message.ts';
import { roleOf } from './wire-message.ts';

/** Reads a stored message's content; never throws. Content in a format of an app's own is kept whole, as one part. */
export const messageFromContent = (format: string, content: unknown, links: FileLinks = fileLinks): WireMessage & Ending => {
  if (format === uiFormat) return partsFromUiMessage(content, links);
  if (format === auiFormat) return partsFromAuiMessage(content, links);
  const part = rawPart(format, content);
  return { role: roleOf(isRecord(content) ? content['role'] : undefined), parts: part ? [part] : [], metadata: {} };
};

/** A message's content as a client of that format stores it; undefined where the format is an app's own and the message did not come in it. */
export const contentFromMessage = (format: string, message: WireMessage & Ending, links: FileLinks = fileLinks): JsonObject | undefined => {
  if (format === uiFormat) return uiMessageFrom(message, links);
  if (format === auiFormat) return auiMessageFrom(message, links);
  const [part] = message.parts;
  return part?.type === 'raw' && part.format === format && isRecord(part.value) ? part.value : undefined;
};
