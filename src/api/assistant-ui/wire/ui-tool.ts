import { ToolPart } from '../../../domain/message.ts';
import type { JsonObject } from './json.ts';
import { isRecord, jsonOf, providerMetadataOf, stringOf, withoutUndefined } from './json.ts';

const staticPrefix = 'tool-';

export const isToolType = (type: string) => type === 'dynamic-tool' || type.startsWith(staticPrefix);

const approvalFrom = (value: unknown, answered: boolean): ToolPart['approval'] => {
  if (!isRecord(value) || typeof value['id'] !== 'string') return undefined;
  const reason = stringOf(value['reason']) ?? (answered ? undefined : stringOf(value['requestReason']));
  return {
    id: value['id'],
    ...(typeof value['approved'] === 'boolean' ? { approved: value['approved'] } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
};

/** What an ended call must carry for the AI SDK to accept it, where the tool itself gave nothing. */
export const outputOf = (part: ToolPart) => (part.state === 'output-available' ? (part.output ?? null) : part.output);
export const errorTextOf = (part: ToolPart) => (part.state === 'output-error' ? (part.errorText ?? 'The tool failed.') : part.errorText);

const endingOf = (part: ToolPart) => ({
  ...(part.state === 'output-available' ? { output: outputOf(part) ?? null } : {}),
  ...(part.state === 'output-error' ? { errorText: errorTextOf(part) } : {}),
});

/**
 * The tool call of a `dynamic-tool` or `tool-<name>` part. Undefined for one that has no place among our states (an input still streaming) or no
 * usable name; a missing or contradictory approval is no obstacle, since clients leave such parts behind after a cancelled approval.
 */
export const toolFromUi = (value: Record<string, unknown>): ToolPart | undefined => {
  const type = stringOf(value['type']) ?? '';
  const dynamic = type === 'dynamic-tool';
  const input = jsonOf(value['input'] ?? value['rawInput']);
  const output = jsonOf(value['output']);
  const errorText = stringOf(value['errorText']);
  const approval = approvalFrom(value['approval'], value['state'] !== 'approval-requested');
  const providerMetadata = providerMetadataOf(value['callProviderMetadata']);
  const part = ToolPart.safeParse({
    type: 'tool',
    toolCallId: value['toolCallId'],
    toolName: dynamic ? value['toolName'] : type.slice(staticPrefix.length),
    state: value['state'],
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(errorText === undefined ? {} : { errorText }),
    ...(approval === undefined ? {} : { approval }),
    dynamic,
    ...(providerMetadata === undefined ? {} : { providerMetadata }),
  }).data;
  return part && { ...part, ...endingOf(part) };
};

/** While an approval is open its reason is the question's, and the AI SDK keeps that under a name of its own. */
const approvalJson = (approval: NonNullable<ToolPart['approval']>, state: ToolPart['state']): JsonObject =>
  withoutUndefined({ id: approval.id, approved: approval.approved, [state === 'approval-requested' ? 'requestReason' : 'reason']: approval.reason });

export const uiFromTool = (part: ToolPart): JsonObject =>
  withoutUndefined({
    ...(part.dynamic ? { type: 'dynamic-tool', toolName: part.toolName } : { type: `${staticPrefix}${part.toolName}` }),
    toolCallId: part.toolCallId,
    state: part.state,
    input: part.input,
    output: outputOf(part),
    errorText: errorTextOf(part),
    approval: part.approval && approvalJson(part.approval, part.state),
    callProviderMetadata: providerMetadataOf(part.providerMetadata),
  });
