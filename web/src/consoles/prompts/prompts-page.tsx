import { Fragment, useState } from 'react';
import { Act, Form, Labelled, Page, Row, Rows, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { OnePrompt } from './one-prompt.tsx';
import { archive, argumentsIn, createPrompt, fetchPrompts, type Listed, remove } from './prompts-api.ts';

const origin = { own: '', shared: ' · shown to everybody', system: ' · comes with Annals' } as const;
const given = (fields: FormData, name: string) => String(fields.get(name) ?? '').trim();

export default function PromptsPage() {
  const prompts = useAsked(fetchPrompts);
  const [open, setOpen] = useState<string>();
  const send = async (fields: FormData) => {
    const text = given(fields, 'text');
    const messages = [{ role: 'user', content: { type: 'text', text } }];
    const { promptId } = await createPrompt(given(fields, 'name'), { title: given(fields, 'title'), arguments: argumentsIn(text), messages });
    prompts.reload();
    setOpen(promptId);
  };
  return (
    <Page title="Prompts" lead="Call one in a conversation: /name argument=value. Other programs find them at /mcp.">
      <Section title="Make one">
        <Form label="Keep the prompt" send={send}>
          <Labelled label="Name" hint="Small letters, digits, - and _.">
            <input name="name" required pattern="[a-z0-9][a-z0-9_-]*" maxLength={64} className="field" placeholder="weekly-report" />
          </Labelled>
          <Labelled label="Title">
            <input name="title" maxLength={200} className="field" />
          </Labelled>
          <div className="w-full">
            <Labelled label="Text" hint="{{word}} stands for an argument.">
              <textarea name="text" required rows={4} className="field" placeholder="Write a report for {{week}} …" />
            </Labelled>
          </div>
        </Form>
      </Section>
      <Shown asked={prompts}>
        {(all) => (
          <>
            <Section title="Yours">
              <Rows empty="You have made none.">
                {all.filter(({ source }) => source === 'own').map((prompt) => listed(prompt, open, setOpen, prompts.reload))}
              </Rows>
            </Section>
            <Section title="For everybody">
              <Rows empty="There are none.">
                {all.filter(({ source }) => source !== 'own').map((prompt) => listed(prompt, open, setOpen, prompts.reload))}
              </Rows>
            </Section>
          </>
        )}
      </Shown>
    </Page>
  );
}

function listed(prompt: Listed, open: string | undefined, setOpen: (id: string | undefined) => void, reload: () => void) {
  const { id, name, title, description, source, archived, shadowed, version, pinned, uses } = prompt;
  const facts = [
    description || title,
    version === null ? '' : `version ${version}${pinned === null ? '' : ', pinned'}`,
    uses === null ? '' : `used ${uses} ${uses === 1 ? 'time' : 'times'}`,
    archived ? 'put away' : '',
    shadowed ? 'another one of this name comes first' : '',
  ];
  return (
    <Fragment key={id}>
      <Row title={<code className="font-mono text-[0.95em]">/{name}</code>} facts={facts.filter(Boolean).join(' · ') + origin[source]}>
        <button type="button" className="pill pill-line" aria-expanded={open === id} onClick={() => setOpen(open === id ? undefined : id)}>
          {open === id ? 'Close' : 'Open'}
        </button>
        {source === 'own' && (
          <>
            <Act label={archived ? 'Take out' : 'Put away'} act={() => archive(id, !archived)} done={reload} />
            <Act label="Delete" confirm="It cannot be read again, with all of its versions." act={() => remove(id)} done={reload} />
          </>
        )}
      </Row>
      {open === id && (
        <li>
          <OnePrompt key={`${id} ${version}`} prompt={prompt} changed={reload} />
        </li>
      )}
    </Fragment>
  );
}
