import type { Json } from '../../domain/event.ts';
import { toolInput } from './wire-content.ts';

/** What the lines at the start of a message tell the demo to do. */
export interface DemoScript {
  readonly echo?: string;
  readonly words?: number;
  /** Milliseconds between words. */
  readonly pace: number;
  readonly thoughts?: string;
  readonly call?: { readonly toolName: string; readonly input: Json | undefined; readonly inputText: string };
  /** Fail after that many words, 0: before the first. */
  readonly failAfter?: number;
  /** The message without its directives. */
  readonly text: string;
}

const longest = 100_000;

/** Reads the directives, one a line, up to the first line that is none. */
export function parseDemoScript(message: string): DemoScript {
  const lines = message.split('\n');
  let script: Omit<DemoScript, 'text'> = { pace: 0 };
  while (lines.length > 0) {
    const read = directive(lines[0] ?? '');
    if (!read) break;
    script = { ...script, ...read };
    lines.shift();
  }
  return { ...script, text: lines.join('\n').trim() };
}

function directive(line: string): Partial<DemoScript> | undefined {
  const [, name, rest = ''] = /^\/([a-z]+)(?: (.*))?$/s.exec(line.replace(/\r$/, '')) ?? [];
  switch (name) {
    case 'echo':
      return { echo: rest };
    case 'long':
      return /^\d+$/.test(rest) ? { words: Math.min(Number(rest), longest) } : undefined;
    case 'pace':
      return /^\d+$/.test(rest) ? { pace: Math.min(Number(rest), 60_000) } : undefined;
    case 'think':
      return { thoughts: rest };
    case 'fail':
      return /^\d*$/.test(rest) ? { failAfter: Number(rest) } : undefined;
    case 'call': {
      const [, toolName, inputText = ''] = /^(\S+)(?:\s+(.*))?$/s.exec(rest) ?? [];
      return toolName ? { call: { toolName, input: toolInput(inputText), inputText: inputText || '{}' } } : undefined;
    }
    default:
      return undefined;
  }
}
