import { type DemoScript, parseDemoScript } from './demo-script.ts';
import type { ModelMessage, ModelRequest } from './port.ts';
import { outputText } from './wire-content.ts';

/** What the demo does for a request, in this order: thoughts, text, a tool call. */
export interface DemoAnswer {
  readonly thoughts: string;
  readonly text: string;
  readonly call?: NonNullable<DemoScript['call']>;
  readonly pace: number;
  readonly failAfter?: number;
}

const asksForTitle = /\b(write|give|make|create|generate|suggest|answer|reply|invent|find|summari[sz]e)\b[^.]*\btitle\b/i;
const vocabulary = [
  'every',
  'word',
  'of',
  'this',
  'long',
  'answer',
  'comes',
  'from',
  'the',
  'demonstration',
  'and',
  'is',
  'counted',
  'one',
  'by',
  'one',
];

/** The demo's answer, a function of the request alone. */
export function demoAnswer({ system = '', messages }: Pick<ModelRequest, 'system' | 'messages'>): DemoAnswer {
  const asked = messages.flatMap((message) => (message.role === 'user' ? [textOf(message)] : []));
  const script = parseDemoScript(asked.at(-1) ?? '');
  const plain = { thoughts: '', pace: script.pace };
  if (asksForTitle.test(system)) return { ...plain, text: titleOf(parseDemoScript(asked[0] ?? '').text || (asked[0] ?? '')) };
  const last = messages.at(-1);
  if (last?.role === 'tool') return { ...plain, text: resultsText(messages) };
  const failAfter = script.failAfter === undefined ? {} : { failAfter: script.failAfter };
  const call = script.call ? { call: script.call } : {};
  return { ...plain, thoughts: script.thoughts ?? '', text: textFor(script, asked), ...failAfter, ...call };
}

const textOf = (message: Extract<ModelMessage, { role: 'user' }>) =>
  message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');

function titleOf(message: string): string {
  const words = message
    .replace(/^[\s>#*_`-]+/, '')
    .split(/\s+/)
    .filter((word) => !word.startsWith('/') && word !== '');
  const title = words
    .slice(0, 6)
    .join(' ')
    .slice(0, 60)
    .replace(/[.,;:!?]+$/, '');
  return title === '' ? 'New conversation' : title;
}

function resultsText(messages: readonly ModelMessage[]): string {
  const since = messages.findLastIndex(({ role }) => role !== 'tool');
  const results = messages.slice(since + 1).flatMap((message) => (message.role === 'tool' ? [message] : []));
  return results
    .map((result) => `The tool \`${result.toolName}\` ${result.isError ? 'failed' : 'answered'}: ${outputText({ ...result, isError: false })}`)
    .join('\n\n');
}

function textFor(script: DemoScript, asked: readonly string[]): string {
  if (script.echo !== undefined) return script.echo;
  if (script.words !== undefined) return Array.from({ length: script.words }, (_, at) => vocabulary[at % vocabulary.length]).join(' ');
  if (script.call) return `I call the tool \`${script.call.toolName}\`.`;
  return conversationText(script.text, asked);
}

function conversationText(question: string, asked: readonly string[]): string {
  const earlier = asked
    .slice(0, -1)
    .map((message) => parseDemoScript(message).text)
    .filter((text) => text !== '');
  const words = question.split(/\s+/).filter((word) => word !== '').length;
  const heard = question === '' ? 'Your last message has no text.' : `You wrote (${counted(words, 'word')}):\n\n${quote(question)}`;
  const recalled = relatedTo(question, earlier);
  const memory =
    earlier.length === 0
      ? 'It is the first thing you told me here.'
      : `Before that you sent ${counted(earlier.length, 'message')}. ${recalled.related ? 'The one that has most in common with it' : 'The last one'} was:\n\n${quote(recalled.text)}`;
  return [
    'I am the **demonstration model** of Annals: I need no key, I run on this machine, and I know nothing but this conversation.',
    heard,
    memory,
    'For real answers set `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `GEMINI_API_KEY`, or choose a local model, and ask again.',
  ].join('\n\n');
}

/** The earlier message that shares most of its longer words with the question, the latest of equals. */
function relatedTo(question: string, earlier: readonly string[]): { text: string; related: boolean } {
  const wanted = longWords(question);
  const scored = earlier.map((text) => ({ text, score: longWords(text).intersection(wanted).size }));
  const best = Math.max(0, ...scored.map(({ score }) => score));
  return { text: scored.findLast(({ score }) => score === best)?.text ?? '', related: best > 0 };
}

const longWords = (text: string) => new Set(text.toLowerCase().match(/\p{L}{4,}/gu));
const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

function quote(text: string): string {
  const short = text.length > 300 ? `${[...text].slice(0, 300).join('')} …` : text;
  return short
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}
