import { ComposerPrimitive, type Unstable_TriggerItem, type Unstable_TriggerMatcher, useAuiState } from '@assistant-ui/react';
import { useEffect, useMemo, useState } from 'react';
import { fetchUsablePrompts, type Listed } from '../consoles/prompts/prompts-api.ts';

const { Unstable_TriggerPopover: Popover, Unstable_TriggerPopoverItems: Items, Unstable_TriggerPopoverItem: Item } = ComposerPrimitive;

/** A prompt is called by its name alone; what is written after it are its arguments. */
const formatter = { serialize: ({ id }: Unstable_TriggerItem) => `/${id}`, parse: (text: string) => [{ kind: 'text' as const, text }] };

const hint = ({ title, description, arguments: wanted }: Listed): string =>
  [title || description, ...(wanted.length > 0 ? [wanted.map(({ name, required }) => (required ? name : `[${name}]`)).join(' ')] : [])].join(' · ');
const itemOf = (prompt: Listed): Unstable_TriggerItem => ({ id: prompt.name, type: 'prompt', label: `/${prompt.name}`, description: hint(prompt) });

/** One’s prompts, from the first slash on and read again for each message. */
function usePrompts(): readonly Listed[] {
  const isCalling = useAuiState(({ composer: { text } }) => text.startsWith('/'));
  const [prompts, setPrompts] = useState<readonly Listed[]>([]);
  useEffect(() => {
    if (isCalling) fetchUsablePrompts().then(setPrompts, () => {});
  }, [isCalling]);
  return prompts;
}

const MOST = 8;
/** Those whose name begins with what is written come first. */
function found(prompts: readonly Listed[], written: string): readonly Listed[] {
  const query = written.toLowerCase();
  const begin = prompts.filter(({ name }) => name.startsWith(query));
  const hold = prompts.filter(
    ({ name, title, description }) => !name.startsWith(query) && [name, title, description].some((text) => text.toLowerCase().includes(query)),
  );
  return [...begin, ...hold].slice(0, MOST);
}

/** What can be called by `/name`, above the composer as soon as a message begins with a slash. It is gone where nothing fits, so that Enter sends. */
export function PromptMenu() {
  const prompts = usePrompts();
  const adapter = useMemo(
    () => ({ categories: () => [], categoryItems: () => [], search: (query: string) => found(prompts, query).map(itemOf) }),
    [prompts],
  );
  const matcher: Unstable_TriggerMatcher = (text, _char, cursor) => {
    const query = text.slice(1, cursor);
    if (!text.startsWith('/') || cursor < 1 || /\s/.test(text)) return null;
    const [first, ...others] = found(prompts, query);
    return first === undefined || (first.name === query && others.length === 0) ? null : { query, offset: 0, endOffset: text.length };
  };
  return (
    <Popover
      char="/"
      adapter={adapter}
      matcher={matcher}
      aria-label="Prompts"
      className="absolute inset-x-0 bottom-full z-20 mb-2 max-h-80 overflow-y-auto rounded-2xl border border-line bg-leaf p-1.5 shadow-[0_6px_24px_-12px_rgb(0_0_0/0.3)]"
    >
      <Popover.Directive formatter={formatter} />
      <Items>
        {(items) =>
          items.map((item, index) => (
            <Item
              key={item.id}
              item={item}
              index={index}
              className="flex w-full items-baseline gap-3 rounded-xl px-3 py-1.5 text-left hover:bg-wash data-[highlighted]:bg-wash"
            >
              <span className="shrink-0 font-medium">{item.label}</span>
              <span className="min-w-0 truncate text-dim text-sm">{item.description}</span>
            </Item>
          ))
        }
      </Items>
    </Popover>
  );
}
