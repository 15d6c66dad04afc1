import type { JsonObject } from '../../domain/event.ts';
import type { AuiMessage } from '../../projections/queries/assistant-ui-rows.ts';
import type { FileLinks } from './wire/file-links.ts';
import { contentFromMessage } from './wire/message-format.ts';
import type { MessageJson } from './wire/thread-json.ts';

/** What a run's stream told about its message, and what the person said of it since. */
function metadataOf({ metadata, runId, model, usage, outcome, feedback }: AuiMessage): JsonObject {
  const ofRun: JsonObject =
    runId === undefined ? {} : { custom: { runId, ...(outcome === undefined || outcome === 'completed' ? {} : { outcome }) } };
  return {
    ...metadata,
    ...ofRun,
    ...(model === undefined ? {} : { modelId: model }),
    ...(usage === undefined ? {} : { usage }),
    ...(feedback === undefined ? {} : { submittedFeedback: { type: feedback } }),
  };
}

/** A message on the wire; undefined in a format of an app's own in which it did not come. */
export function messageJson(message: AuiMessage, format: string, links: FileLinks): MessageJson | undefined {
  const { id, parentId, height, role, parts, outcome, finishReason, createdAt, updatedAt } = message;
  const content = contentFromMessage(format, { role, parts, metadata: metadataOf(message), outcome, finishReason }, links);
  return content && { id, parent_id: parentId, height, format, content, created_at: createdAt, updated_at: updatedAt };
}
