import type { RecordedEvent } from '../api.ts';

export type Kind = 'conversation' | 'message' | 'run' | 'tool' | 'other';

export interface Filter {
  readonly words: string;
  readonly kind: Kind | null;
  readonly actor: string | null;
}

export const kinds: readonly { readonly id: Kind; readonly label: string; readonly dot: string }[] = [
  { id: 'conversation', label: 'Conversation', dot: 'bg-rubric' },
  { id: 'message', label: 'Messages', dot: 'bg-lapis' },
  { id: 'run', label: 'Runs', dot: 'bg-verdigris' },
  { id: 'tool', label: 'Tools and approvals', dot: 'bg-ochre' },
  { id: 'other', label: 'Other', dot: 'bg-dim' },
];

/** The family of an event type, told by the words it is made of. */
export function kindOf(type: string): Kind {
  if (/Tool|Approval/.test(type)) return 'tool';
  if (/Run|Reply|Step/.test(type)) return 'run';
  if (/Message|Branch|Feedback|Attachment/.test(type)) return 'message';
  if (/Conversation|Title|Thread/.test(type)) return 'conversation';
  return 'other';
}

/** The events that hold every word, in any field, whatever the case. */
export function matching(events: readonly RecordedEvent[], { words, kind, actor }: Filter): readonly RecordedEvent[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return events.filter((event) => {
    if (kind && kindOf(event.type) !== kind) return false;
    if (actor && event.actor !== actor) return false;
    if (wanted.length === 0) return true;
    const text = JSON.stringify(event).toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
