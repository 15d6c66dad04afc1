import { Fragment, useCallback, useState } from 'react';
import { Shares } from '../../sharing/share-dialog.tsx';
import { sharesOfPrompt } from '../../sharing/shares.ts';
import { Act, Form, Labelled, Row, Rows, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { argumentsIn, fetchContent, fetchDiff, fetchVersions, type Listed, pin, revise, rollBack, tryOut, type Version } from './prompts-api.ts';

/** What a prompt says, how it is tried, and for one's own how it came to be so. */
export function OnePrompt({ prompt, changed }: { prompt: Listed; changed: () => void }) {
  const { id, source } = prompt;
  const content = useAsked(useCallback(() => fetchContent(id), [id]));
  return (
    <div className="mb-4 rounded-xl border border-line bg-leaf px-4 py-3">
      <Shown asked={content}>
        {(said) => {
          const [only, ...more] = said.messages;
          const text = only?.content.type === 'text' ? (only.content.text ?? '') : undefined;
          const revised = async (fields: FormData) => {
            const now = String(fields.get('text') ?? '');
            const messages = [{ role: only?.role ?? 'user', content: { type: 'text', text: now } }];
            const { title, description } = said;
            await revise(id, { title, description, arguments: argumentsIn(now, said.arguments), messages });
            changed();
          };
          return source === 'own' && text !== undefined && more.length === 0 ? (
            <Form label="Keep as a new version" send={revised}>
              <div className="w-full">
                <Labelled label="Text">
                  <textarea name="text" required rows={6} className="field" defaultValue={text} />
                </Labelled>
              </div>
            </Form>
          ) : (
            <Messages messages={said.messages} />
          );
        }}
      </Shown>
      <Try prompt={prompt} />
      {source === 'own' && <History prompt={prompt} changed={changed} />}
      {source === 'own' && (
        <section aria-label="Sharing" className="mt-4">
          <h4 className="font-medium text-sm">Share it to be used</h4>
          <Shares thing={sharesOfPrompt(id)} onlyToUse />
        </section>
      )}
    </div>
  );
}

type Said = Awaited<ReturnType<typeof tryOut>>;

const Messages = ({ messages }: { messages: Said }) => (
  <ol className="space-y-2 text-sm">
    {messages.map(({ role, content }, at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the list is shown as it came, never reordered
      <li key={at}>
        <span className="text-dim text-xs">{role}</span>
        <pre className="overflow-x-auto whitespace-pre-wrap break-words font-mono text-[0.9em]">{content.text ?? `[${content.type}]`}</pre>
      </li>
    ))}
  </ol>
);

function Try({ prompt }: { prompt: Listed }) {
  const [said, setSaid] = useState<Said>();
  const send = async (fields: FormData) =>
    setSaid(await tryOut(prompt.id, Object.fromEntries([...fields].map(([name, value]) => [name, String(value)]))));
  return (
    <section aria-label="Try it" className="mt-4">
      <Form label="Try it" send={send}>
        {prompt.arguments.map(({ name, description, required, values }) => (
          <Labelled key={name} label={name} {...(description ? { hint: description } : {})}>
            <input name={name} required={required} className="field" {...(values ? { list: `${prompt.id}-${name}` } : {})} />
            {values && (
              <datalist id={`${prompt.id}-${name}`}>
                {values.map((value) => (
                  <option key={value} value={value} />
                ))}
              </datalist>
            )}
          </Labelled>
        ))}
      </Form>
      {said && (
        <div className="mt-3 border-line border-t pt-3">
          <Messages messages={said} />
        </div>
      )}
    </section>
  );
}

function History({ prompt, changed }: { prompt: Listed; changed: () => void }) {
  const { id, version: used, pinned, latest } = prompt;
  const versions = useAsked(useCallback(() => fetchVersions(id), [id]));
  const [compared, setCompared] = useState<number>();
  const facts = ({ version, rolledBackTo, createdAt }: Version) => (
    <>
      <When time={createdAt} />
      {rolledBackTo !== null && ` · says again what version ${rolledBackTo} said`}
      {version === used && ' · the one that is used'}
    </>
  );
  return (
    <section aria-label="Versions" className="mt-4">
      <h4 className="font-medium text-sm">Versions</h4>
      <Shown asked={versions}>
        {(all) => (
          <Rows empty="There are none.">
            {all.map((one) => (
              <Fragment key={one.version}>
                <Row title={`Version ${one.version}`} facts={facts(one)}>
                  {one.version > 1 && (
                    <button
                      type="button"
                      className="pill pill-line"
                      aria-expanded={compared === one.version}
                      onClick={() => setCompared(compared === one.version ? undefined : one.version)}
                    >
                      Changes
                    </button>
                  )}
                  {pinned === one.version ? (
                    <Act label="Unpin" act={() => pin(id, null)} done={changed} />
                  ) : (
                    <Act label="Pin" act={() => pin(id, one.version)} done={changed} />
                  )}
                  {one.version !== latest && <Act label="Go back to it" act={() => rollBack(id, one.version)} done={changed} />}
                </Row>
                {compared === one.version && (
                  <li>
                    <Changes id={id} to={one.version} />
                  </li>
                )}
              </Fragment>
            ))}
          </Rows>
        )}
      </Shown>
    </section>
  );
}

const signs = { same: ' ', added: '+', removed: '−' } as const;
const looks = { same: 'text-dim', added: 'font-medium', removed: 'text-rubric line-through' } as const;

function Changes({ id, to }: { id: string; to: number }) {
  const lines = useAsked(useCallback(() => fetchDiff(id, to - 1, to), [id, to]));
  return (
    <Shown asked={lines}>
      {(all) => (
        <pre className="mb-3 overflow-x-auto whitespace-pre-wrap break-words rounded-lg border border-line px-3 py-2 font-mono text-[0.85em]">
          {all.map(({ change, line }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and are never reordered
            <div key={at} className={looks[change]}>
              {signs[change]} {line}
            </div>
          ))}
        </pre>
      )}
    </Shown>
  );
}
