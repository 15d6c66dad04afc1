import { ToolPart } from '../../../domain/message.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { isRecord, jsonObjectOf, jsonOf, providerMetadataOf, stringOf, withoutUndefined } from './json.ts';
import { errorTextOf, outputOf } from './ui-tool.ts';

const deniedText = 'Tool approval denied';

/** JSON text as a value; undefined for text that is none, as of arguments that were cut off. */
export const parsedJson = (text: string): JsonValue | undefined => {
  try {
    return jsonOf(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** The error's words: as assistant-ui keeps them (`{ error }`), as plain text, or else the whole result. */
const errorTextFrom = (value: unknown): string => {
  const result = jsonOf(value);
  const error = isRecord(result) ? result['error'] : result;
  return typeof error === 'string' ? error : (JSON.stringify(result) ?? 'The tool failed.');
};

const stateFrom = (part: Record<string, unknown>, approval: ToolPart['approval'], closed: boolean): ToolPart['state'] => {
  if (part['isError'] === true) return approval?.approved === false ? 'output-denied' : 'output-error';
  if (part['result'] !== undefined) return 'output-available';
  if (approval === undefined || closed) return closed ? 'output-error' : 'input-available';
  return approval.approved === undefined ? 'approval-requested' : 'approval-responded';
};

const approvalFrom = (value: Record<string, unknown>): ToolPart['approval'] => {
  const approved = typeof value['approved'] === 'boolean' ? value['approved'] : undefined;
  const reason = stringOf(value['reason']) ?? (approved === undefined ? stringOf(value['prompt']) : undefined);
  return typeof value['id'] === 'string'
    ? { id: value['id'], ...(approved === undefined ? {} : { approved }), ...(reason === undefined ? {} : { reason }) }
    : undefined;
};

const providerMetadataFrom = (part: Record<string, unknown>): { readonly providerMetadata?: JsonObject } => {
  const own = providerMetadataOf(part['providerMetadata']);
  const mcp = isRecord(part['mcp']) ? jsonObjectOf(part['mcp']) : undefined;
  return own || mcp ? { providerMetadata: { ...(mcp ? { mcp } : {}), ...own } } : {};
};

/** A `tool-call` part of assistant-ui, or undefined for one without usable names. Its state is told from result, error and approval. */
export const toolFromAui = (part: Record<string, unknown>): ToolPart | undefined => {
  const approval = isRecord(part['approval']) ? approvalFrom(part['approval']) : undefined;
  const resolution = isRecord(part['approval']) ? stringOf(part['approval']['resolution']) : undefined;
  const state = stateFrom(part, approval, resolution !== undefined && approval?.approved === undefined);
  const input = isRecord(part['args']) ? jsonOf(part['args']) : parsedJson(stringOf(part['argsText']) ?? '');
  const errorText = part['result'] === undefined && resolution !== undefined ? `The approval was ${resolution}.` : errorTextFrom(part['result']);
  return ToolPart.safeParse({
    type: 'tool',
    toolCallId: part['toolCallId'],
    toolName: part['toolName'],
    state,
    ...(input === undefined ? {} : { input }),
    ...(state === 'output-available' ? { output: jsonOf(part['result']) ?? null } : {}),
    ...(state === 'output-error' ? { errorText } : {}),
    ...(approval === undefined ? {} : { approval }),
    ...providerMetadataFrom(part),
  }).data;
};

const approvalJson = (approval: NonNullable<ToolPart['approval']>, state: ToolPart['state']): JsonObject =>
  withoutUndefined({
    id: approval.id,
    approved: state === 'output-denied' ? false : approval.approved,
    [state === 'approval-requested' ? 'prompt' : 'reason']: approval.reason,
  });

const resultOf = (part: ToolPart): JsonObject => {
  switch (part.state) {
    case 'output-available':
      return { result: outputOf(part) ?? null };
    case 'output-error':
      return { result: { error: errorTextOf(part) ?? '' }, isError: true };
    case 'output-denied':
      return { result: { error: part.approval?.reason ?? deniedText }, isError: true };
    default:
      return {};
  }
};

export const auiFromTool = (part: ToolPart): JsonObject =>
  withoutUndefined({
    type: 'tool-call',
    toolCallId: part.toolCallId,
    toolName: part.toolName,
    ...(isRecord(part.input) ? { args: part.input } : { argsText: part.input === undefined ? '' : JSON.stringify(part.input) }),
    ...resultOf(part),
    approval: part.approval && approvalJson(part.approval, part.state),
    mcp: isRecord(part.providerMetadata?.['mcp']) ? part.providerMetadata['mcp'] : undefined,
    providerMetadata: providerMetadataOf(part.providerMetadata),
  });
