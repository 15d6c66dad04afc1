import { isUnopened, type Opened } from '../event.ts';
import type { Part, RunItem, ToolPart } from '../message.ts';
import { toolEnded } from '../pieces.ts';
import type { RunEvent } from './events.ts';

type Secret = { parts?: Part[]; output?: ToolPart['output']; errorText?: string; reason?: string };

/**
 * Remembers what a reader of a run has been given, and says what is still missing of what the events hold. Texts are compared by step and place, tool
 * calls by id and state, so that a reader of the live log gets from the events only what the live log lacked.
 */
export function createFilling() {
  let step = 0;
  let partCount = 0;
  let lastId = '';
  const given = new Map<string, string>();
  const tools = new Map<string, ToolPart>();
  const startedSteps = new Set<number>();
  /** How far each tool call has come for this reader. */
  const shown = new Map<string, number>();

  const hear = (item: RunItem): void => {
    if (item.type === 'step-start') {
      startedSteps.add(item.step);
      step = item.step;
      partCount = 0;
      lastId = '';
    } else if (item.type === 'text' || item.type === 'reasoning') {
      if (item.id !== lastId) {
        lastId = item.id;
        partCount++;
      }
      const key = `${step} ${partCount} ${item.type}`;
      given.set(key, (given.get(key) ?? '') + item.delta);
    } else if (item.type === 'tool') {
      tools.set(item.part.toolCallId, item.part);
      shown.set(item.part.toolCallId, progressOf(item.part));
    }
  };

  const tool = (part: ToolPart): RunItem[] => {
    if ((shown.get(part.toolCallId) ?? -1) >= progressOf(part)) return [];
    hear({ type: 'tool', part });
    return [{ type: 'tool', part }];
  };

  const missingOf = (parts: readonly Part[], at: number): RunItem[] => {
    const items: RunItem[] = [];
    let texts = 0;
    const start = (): void => {
      if (step !== at || !startedSteps.has(at)) {
        const item: RunItem = { type: 'step-start', step: at };
        hear(item);
        items.push(item);
      }
    };
    for (const part of parts) {
      if (part.type === 'text' || part.type === 'reasoning') {
        texts++;
        const had = given.get(`${at} ${texts} ${part.type}`) ?? '';
        const rest = part.text.startsWith(had) ? part.text.slice(had.length) : '';
        if (rest === '') continue;
        start();
        const id = `${at}.${texts}`;
        items.push({ type: part.type, id, delta: rest });
        given.set(`${at} ${texts} ${part.type}`, part.text);
      } else if (part.type === 'tool') {
        const news = tool(part);
        if (news.length) start();
        items.push(...news);
      }
    }
    return items;
  };

  return {
    hear,
    /** The items this event adds to what was given so far; its sealed part already opened. */
    missing(event: RunEvent, opened: Opened<Secret>, at: number): RunItem[] {
      const secret: Secret = isUnopened(opened) ? { parts: [{ type: 'text', text: opened }] } : opened;
      switch (event.type) {
        case 'StepCompleted':
        case 'RunEnded':
          return missingOf(secret.parts ?? [], at);
        case 'ApprovalAnswered': {
          const part = tools.get(event.data.toolCallId);
          return part
            ? tool({
                ...part,
                state: 'approval-responded',
                approval: {
                  id: event.data.approvalId,
                  approved: event.data.approved,
                  ...(secret.reason === undefined ? {} : { reason: secret.reason }),
                },
              })
            : [];
        }
        case 'ToolCallEnded': {
          const part = tools.get(event.data.toolCallId);
          return part ? tool(toolEnded(part, event.data.result, secret)) : [];
        }
        default:
          return [];
      }
    },
    /** The tool calls of an event before this reader's part of the run. */
    recall(opened: Opened<Secret>): void {
      if (isUnopened(opened)) return;
      for (const part of opened.parts ?? []) if (part.type === 'tool') tools.set(part.toolCallId, part);
    },
  };
}

const stages: readonly ToolPart['state'][] = ['input-available', 'approval-requested', 'approval-responded'];
/** A tool call only moves on: every end comes after everything else. */
const progressOf = ({ state }: ToolPart): number => (stages.includes(state) ? stages.indexOf(state) : stages.length);

/** The associated data under which an entry of the live log is sealed. */
export const livePlace = ({ run, segment, epoch, sequence }: { run: string; segment: number; epoch: number; sequence: number }): string =>
  `${run}/${segment}/${epoch}/${sequence}`;

/** The id of a streamed text: its step, and its place among the step's texts, counted from 1. */
export const textId = (step: number, place: number): string => `${step}.${place}`;
