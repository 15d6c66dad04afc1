export interface Part {
  type: string;
  text?: string;
  state?: string;
  toolCallId?: string;
  approval?: { id: string; approved?: boolean };
  [key: string]: unknown;
}
interface Step {
  wait?: number;
  chunk?: Record<string, unknown>;
  apply?: (parts: Part[]) => void;
}
export interface Script {
  status?: number;
  message?: string;
  steps?: Step[];
}

const story = Array.from({ length: 40 }, (_, at) => `Line ${at + 1} of a long tale that takes its time.`).join('\n\n');

const rich = `Here is a **small tour** of what a reply can hold.

## A list

1. First, the *idea*, with some \`inline code\`
2. Then a [link](https://example.com/page)
   - and a nested point

> What is written stays written.

\`\`\`ts
// The sum of the first n odd numbers is n squared
export const square = (n: number): number =>
  Array.from({ length: n }, (_, i) => 2 * i + 1).reduce((sum, odd) => sum + odd, 0);

console.log(square(12)); // 144
\`\`\`

| Year | Event | Kept |
|---|---|---:|
| 1066 | A comet is seen | yes |
| 1234 | The river freezes over | yes |

![A remote picture](https://example.com/tracker.png)
`;

let fails = 0;

/** What the stand-in answers; `parts` are those of the assistant message a request goes on with, `variant` counts earlier answers to the same question. */
export function reply(asked: string, parts: Part[], variant: number): Script {
  const waiting = parts.find((part) => part.state === 'approval-responded');
  if (waiting) return { steps: waiting.approval?.approved ? approved(waiting) : denied(waiting) };
  if (/fail once/i.test(asked) && fails++ === 0) return { status: 503, message: 'The model is not reachable right now.' };
  if (/break/i.test(asked))
    return { steps: [...say('Half of an ans', 1, 20), { chunk: { type: 'error', errorText: 'The model went away in the middle of a sentence.' } }] };
  if (/long tale/i.test(asked)) return { steps: say(story, 1, 25) };
  if (/mail/i.test(asked)) return { steps: [...think('They want a mail sent. That needs leave.'), ...ask()] };
  if (/sources/i.test(asked))
    return {
      steps: [
        ...think('I should look that up before I answer. Two places may know.'),
        ...search(),
        ...say('The comet of 1066 is now called *Halley’s Comet*. It was seen for about a week in April of that year.', 2, 15),
      ],
    };
  if (/tour/i.test(asked)) return { steps: [...think('A tour of everything.'), ...say(rich, 1, 4)] };
  return { steps: say(`${variant ? `Take ${variant + 1}. ` : ''}You said: ${asked}`, 1, 15) };
}

function say(text: string, id: number, wait: number): Step[] {
  const part: Part = { type: 'text', text: '', state: 'streaming' };
  return [
    { chunk: { type: 'text-start', id: `t${id}` }, apply: (parts) => parts.push(part) },
    ...text.split(/(?<=\s)/).map((delta) => ({
      wait,
      chunk: { type: 'text-delta', id: `t${id}`, delta },
      apply: () => {
        part.text += delta;
      },
    })),
    {
      chunk: { type: 'text-end', id: `t${id}` },
      apply: () => {
        part.state = 'done';
      },
    },
  ];
}

function think(text: string): Step[] {
  return [
    { chunk: { type: 'reasoning-start', id: 'r1' }, apply: (parts) => parts.push({ type: 'reasoning', text, state: 'done' }) },
    ...text.split(/(?<=\s)/).map((delta) => ({ wait: 30, chunk: { type: 'reasoning-delta', id: 'r1', delta } })),
    { chunk: { type: 'reasoning-end', id: 'r1' } },
  ];
}

const mail = { to: 'ada@example.com', subject: 'Supper on Friday', body: 'Shall we meet at seven?' };

function ask(): Step[] {
  const call = { toolCallId: `call_${Date.now()}`, toolName: 'send_mail' };
  const approvalId = `approval_${Date.now()}`;
  return [
    { wait: 100, chunk: { type: 'tool-input-start', ...call, dynamic: true } },
    { wait: 100, chunk: { type: 'tool-input-available', ...call, input: mail, dynamic: true } },
    {
      chunk: { type: 'tool-approval-request', approvalId, toolCallId: call.toolCallId },
      apply: (parts) => parts.push({ type: 'dynamic-tool', ...call, input: mail, state: 'approval-requested', approval: { id: approvalId } }),
    },
  ];
}

function approved(call: Part): Step[] {
  const output = { sent: true, id: 'mail_42' };
  return [
    {
      wait: 150,
      chunk: { type: 'tool-output-available', toolCallId: call.toolCallId, output, dynamic: true },
      apply: () => Object.assign(call, { state: 'output-available', output }),
    },
    ...say('Done: the mail to Ada is on its way.', 2, 15),
  ];
}

function denied(call: Part): Step[] {
  return [
    { chunk: { type: 'tool-output-denied', toolCallId: call.toolCallId }, apply: () => Object.assign(call, { state: 'output-denied' }) },
    ...say('All right, I have not sent it.', 2, 15),
  ];
}

function search(): Step[] {
  const call = { toolCallId: `call_${Date.now()}`, toolName: 'web_search' };
  const input = { query: 'comet seen in 1066' };
  const output = {
    hits: [
      { title: 'Halley’s Comet', score: 0.93 },
      { title: 'The Bayeux Tapestry', score: 0.71 },
    ],
  };
  const sources: Part[] = [
    { type: 'source-url', sourceId: 's1', url: 'https://example.org/halley', title: 'Halley’s Comet' },
    { type: 'source-document', sourceId: 's2', mediaType: 'application/pdf', title: 'Chronicle, page 12', filename: 'chronicle.pdf' },
  ];
  return [
    { wait: 100, chunk: { type: 'tool-input-start', ...call, dynamic: true } },
    { wait: 200, chunk: { type: 'tool-input-available', ...call, input, dynamic: true } },
    {
      wait: 400,
      chunk: { type: 'tool-output-available', toolCallId: call.toolCallId, output, dynamic: true },
      apply: (parts) => parts.push({ type: 'dynamic-tool', ...call, input, output, state: 'output-available' }),
    },
    ...sources.map((source) => ({ chunk: { ...source }, apply: (parts: Part[]) => void parts.push(source) })),
  ];
}
