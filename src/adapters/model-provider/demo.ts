import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { stopped } from './call.ts';
import { type ModelClock, sleep, systemClock } from './clock.ts';
import { demoAnswer } from './demo-answer.ts';
import { type ModelChunk, ModelError, type ModelMessage, type ModelProvider, type ModelRequest } from './port.ts';

/**
 * The built-in model `demo/demo`: needs no key, tells what it is, and answers from the conversation alone, always the same for the same request. A message
 * may begin with directives, one a line: `/echo TEXT`, `/long N`, `/pace MS`, `/think TEXT`, `/call TOOL {json}`, `/fail`, `/fail N`. A token is a word.
 */
export function createDemoProvider({ clock = systemClock, newId = randomUUID }: { clock?: ModelClock; newId?: () => string } = {}): ModelProvider {
  return {
    name: 'demo',
    models: async () => [{ id: 'demo/demo', provider: 'demo', name: 'demo' }],
    stream: (request) => answer(request, clock, newId),
  };
}

async function* answer(request: ModelRequest, clock: ModelClock, newId: () => string): AsyncGenerator<ModelChunk> {
  if (request.model !== 'demo') throw new ModelError('NotFound', 'The demonstration has one model only: demo/demo.');
  const { thoughts, text, call, pace, failAfter } = demoAnswer(request);
  const reasoningTokens = words(thoughts).length;
  const outputTokens = reasoningTokens + words(text).length + words(call?.inputText ?? '').length;
  let said = 0;
  for (const [type, part] of [
    ['reasoning', thoughts],
    ['text', text],
  ] as const) {
    for (const word of words(part)) {
      if (said === failAfter) throw failure();
      await pause(said === 0 ? 0 : pace, request.signal, clock);
      yield { type, text: word };
      said += 1;
    }
  }
  if (failAfter !== undefined) throw failure();
  if (request.signal.aborted) throw stopped();
  if (call) {
    const toolCallId = `call_${newId()}`;
    yield { type: 'tool-input', toolCallId, toolName: call.toolName, delta: call.inputText };
    yield { type: 'tool-call', toolCallId, ...call };
  }
  yield { type: 'usage', usage: { inputTokens: inputTokens(request), outputTokens, ...(reasoningTokens > 0 ? { reasoningTokens } : {}) } };
  yield { type: 'finish', reason: call ? 'tool-calls' : 'stop', model: 'demo' };
}

const failure = () => new ModelError('Unavailable', 'The demonstration failed because it was told to.');

/** The words with the spaces before them, so that joining them gives the text again. */
const words = (text: string): readonly string[] => text.match(/\s*\S+(?:\s+$)?/g) ?? (text === '' ? [] : [text]);

function inputTokens({ system = '', messages }: ModelRequest): number {
  return messages.reduce((total, message) => total + words(messageText(message)).length, words(system).length);
}

function messageText(message: ModelMessage): string {
  if (message.role === 'tool') return JSON.stringify(message.output);
  return message.content.map((part) => (part.type === 'text' ? part.text : part.type === 'tool-call' ? JSON.stringify(part.input) : '')).join(' ');
}

/** Gives other work a turn even without a pace, so that a long answer can be stopped. */
async function pause(milliseconds: number, signal: AbortSignal, clock: ModelClock): Promise<void> {
  if (signal.aborted) throw stopped();
  await (milliseconds === 0 ? setImmediate() : sleep(milliseconds, signal, clock));
}
