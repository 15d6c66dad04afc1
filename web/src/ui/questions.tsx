import { useState } from 'react';
import { z } from 'zod';
import { request } from '../api.ts';
import { Form, Labelled } from '../consoles/parts.tsx';
import { toast } from './toasts.tsx';

const Field = z.object({
  name: z.string(),
  type: z.enum(['string', 'number', 'integer', 'boolean', 'choice', 'choices']),
  title: z.string().optional(),
  description: z.string().optional(),
  required: z.boolean(),
  format: z.string().optional(),
  least: z.number().optional(),
  most: z.number().optional(),
  options: z.array(z.object({ value: z.string(), title: z.string() })).optional(),
  default: z.unknown().optional(),
});
type Field = z.infer<typeof Field>;
const Question = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('form'), key: z.string(), message: z.string(), fields: z.array(Field) }),
  z.object({ mode: z.literal('url'), key: z.string(), message: z.string(), url: z.url({ protocol: /^https?$/ }) }),
]);
type Question = z.infer<typeof Question>;
const Asked = z.object({
  inputId: z.string(),
  conversationId: z.string(),
  runId: z.string(),
  toolName: z.string(),
  questions: z.array(Question),
  expiresAt: z.string(),
});
export type Asked = z.infer<typeof Asked>;

/** What tools want to know of whoever is logged in. */
export const fetchQuestions = async (): Promise<readonly Asked[]> =>
  (await request('/api/questions', z.object({ questions: z.array(Asked) }))).questions;

type Answers = Record<string, { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, unknown> }>;
const answer = ({ runId, inputId }: Asked, answers: Answers) =>
  request(`/api/runs/${encodeURIComponent(runId)}/questions/${encodeURIComponent(inputId)}`, z.unknown(), { method: 'POST', body: { answers } });

/** A form for what a tool asks. It comes from a stranger: it is said who asks, and where an address leads. */
export function QuestionCard({ asked, done }: { asked: Asked; done: () => void }) {
  const [sent, setSent] = useState(false);
  const { toolName, questions } = asked;
  const send = async (fields: FormData) => {
    await answer(asked, Object.fromEntries(questions.map((question) => [question.key, { action: 'accept', ...contentOf(question, fields) }])));
    setSent(true);
    done();
  };
  const refuse = (action: 'decline' | 'cancel') => {
    setSent(true);
    answer(asked, Object.fromEntries(questions.map(({ key }) => [key, { action }]))).then(done, (error: unknown) => {
      setSent(false);
      toast((error as Error).message);
    });
  };
  if (sent) return null;
  return (
    <section aria-label={`Question of ${toolName}`} className="rise my-3 rounded-2xl border border-ochre/50 bg-leaf p-4 text-sm">
      <p className="mb-2 text-dim">
        The tool <strong className="font-semibold text-ink">{toolName}</strong> asks you. What you answer goes to its server.
      </p>
      <Form label="Send" send={send}>
        {questions.map((question) => (
          <div key={question.key} className="w-full space-y-3">
            <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{question.message}</p>
            {question.mode === 'url' ? (
              <p>
                Open{' '}
                <a className="break-all underline" href={question.url} target="_blank" rel="noopener noreferrer">
                  {question.url}
                </a>{' '}
                ({new URL(question.url).host}), and send when you are done there.
              </p>
            ) : (
              question.fields.map((field) => <Input key={field.name} name={`${question.key} ${field.name}`} field={field} />)
            )}
          </div>
        ))}
      </Form>
      <div className="mt-3 flex gap-2">
        <button type="button" className="pill pill-line" onClick={() => refuse('decline')}>
          Decline
        </button>
        <button type="button" className="pill pill-line" onClick={() => refuse('cancel')}>
          Not now
        </button>
      </div>
    </section>
  );
}

const kinds: Readonly<Record<string, string>> = { email: 'email', uri: 'url', date: 'date' };
/** Nobody should read over a shoulder what is called so. */
const SECRET = /pass|secret|token|api.?key|\bpin\b/i;

function Input({ name, field }: { name: string; field: Field }) {
  const { type, title, description, required, format = '', least, most, options = [], default: usual } = field;
  const label = { label: `${title ?? field.name}${required ? '' : ' (optional)'}`, ...(description === undefined ? {} : { hint: description }) };
  if (type === 'boolean')
    return (
      <label className="flex items-center gap-2">
        <input type="checkbox" name={name} defaultChecked={usual === true} /> {title ?? field.name}
        {description && <span className="text-dim text-xs">{description}</span>}
      </label>
    );
  if (type === 'choice' || type === 'choices')
    return (
      <Labelled {...label}>
        <select
          name={name}
          required={required}
          multiple={type === 'choices'}
          defaultValue={type === 'choices' ? (Array.isArray(usual) ? usual.map(String) : []) : String(usual ?? '')}
          className="field"
        >
          {type === 'choice' && <option value="" />}
          {options.map(({ value, title: shown }) => (
            <option key={value} value={value}>
              {shown}
            </option>
          ))}
        </select>
      </Labelled>
    );
  const isText = type === 'string';
  const secret = isText && SECRET.test(`${field.name} ${title ?? ''}`);
  return (
    <Labelled {...label}>
      <input
        name={name}
        required={required}
        autoComplete="off"
        defaultValue={usual === undefined ? '' : String(usual)}
        type={isText ? (secret ? 'password' : (kinds[format] ?? 'text')) : 'number'}
        {...(isText ? { minLength: least, maxLength: most } : { min: least, max: most, step: type === 'integer' ? 1 : 'any' })}
        className="field"
      />
    </Labelled>
  );
}

/** What is left empty is not answered, where it need not be. */
function contentOf(question: Question, fields: FormData): { content?: Record<string, unknown> } {
  if (question.mode === 'url') return {};
  const entries = question.fields.flatMap(({ name, type, required }): [string, unknown][] => {
    const given = fields.getAll(`${question.key} ${name}`).map(String);
    const [first = ''] = given;
    if (type === 'boolean') return [[name, first === 'on']];
    if (type === 'choices') return given.length === 0 && !required ? [] : [[name, given]];
    if (first === '' && !required) return [];
    return [[name, type === 'number' || type === 'integer' ? Number(first) : first]];
  });
  return { content: Object.fromEntries(entries) };
}
