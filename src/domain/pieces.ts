import { isUnopened, type Opened } from './event.ts';
import type { Part, ToolPart, Usage } from './message.ts';

/** What a message is made of, one piece per event that added to it; `Body` is what its sealed part opens to, or the sealed part itself. */
export type Piece<Body> =
  | { kind: 'parts'; body: Body }
  | { kind: 'tool'; toolCallId: string; result: 'output' | 'error' | 'denied' | 'unknown'; body: Body }
  | { kind: 'approval'; toolCallId: string; approvalId: string; approved: boolean; body: Body };

interface ToolBody {
  readonly parts?: Part[];
  readonly output?: ToolPart['output'];
  readonly errorText?: string;
  readonly reason?: string;
}

/** The message's parts from its opened pieces, tool calls with what became of them. What cannot be opened is a text that says so. */
export function assembleParts(pieces: readonly Piece<Opened<ToolBody>>[]): Part[] {
  const parts: Part[] = [];
  const change = (toolCallId: string, update: (part: ToolPart) => ToolPart): void => {
    const index = parts.findLastIndex((part) => part.type === 'tool' && part.toolCallId === toolCallId);
    if (index >= 0) parts[index] = update(parts[index] as ToolPart);
  };
  for (const piece of pieces) {
    const body: ToolBody = isUnopened(piece.body) ? {} : piece.body;
    switch (piece.kind) {
      case 'parts':
        parts.push(...(isUnopened(piece.body) ? [{ type: 'text' as const, text: piece.body }] : (body.parts ?? [])));
        break;
      case 'approval':
        change(piece.toolCallId, (part) => ({
          ...part,
          state: 'approval-responded',
          approval: { id: piece.approvalId, approved: piece.approved, ...(body.reason === undefined ? {} : { reason: body.reason }) },
        }));
        break;
      case 'tool':
        change(piece.toolCallId, (part) => toolEnded(part, piece.result, body));
        break;
      default:
        piece satisfies never;
    }
  }
  return parts;
}

/** A tool call's part after its end. */
export function toolEnded(part: ToolPart, result: 'output' | 'error' | 'denied' | 'unknown', body: ToolBody): ToolPart {
  if (result === 'output') return { ...part, state: 'output-available', output: body.output ?? null };
  if (result === 'denied') return { ...part, state: 'output-denied' };
  return {
    ...part,
    state: 'output-error',
    errorText:
      body.errorText ?? (result === 'unknown' ? 'The outcome of this call is unknown: the server stopped while it ran.' : 'The tool failed.'),
  };
}

/** Figures add up; what nobody reported stays unknown. */
export function addUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
  if (!a || !b) return a ?? b;
  const sum = (x: number | undefined, y: number | undefined) => (x === undefined && y === undefined ? undefined : (x ?? 0) + (y ?? 0));
  const total = {
    inputTokens: sum(a.inputTokens, b.inputTokens),
    outputTokens: sum(a.outputTokens, b.outputTokens),
    cachedInputTokens: sum(a.cachedInputTokens, b.cachedInputTokens),
    reasoningTokens: sum(a.reasoningTokens, b.reasoningTokens),
    estimated: a.estimated || b.estimated || undefined,
  };
  return Object.fromEntries(Object.entries(total).filter(([, value]) => value !== undefined));
}

/** Why a run failed, with the provider's own words where there are some. */
export const failureOf = <Failure extends { readonly code: string; readonly message: string }>(
  error: Failure,
  body: Opened<{ said?: string }>,
): Failure => (isUnopened(body) || body.said === undefined ? error : { ...error, message: `${error.message} It says: ${body.said}` });
