import { Fragment, useState } from 'react';
import { Form, Labelled, Row, Rows } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { type AskedOf, addFromCatalogue, type Entry, fetchCatalogue } from './tool-servers.ts';

interface Adding {
  readonly isAdministrator: boolean;
  readonly done: () => void;
}

/** Servers that are added by their names: only what an entry asks for has to be said. */
export function AddFromCatalogue({ isAdministrator, done }: Adding) {
  const asked = useAsked(fetchCatalogue);
  const [chosen, choose] = useState<string>();
  const added = () => {
    choose(undefined);
    done();
  };
  return (
    <Shown asked={asked}>
      {({ entries, problem }) => (
        <>
          {problem !== null && isAdministrator && <p className="mb-2 text-rubric text-sm">{problem}</p>}
          <Rows empty="The catalogue is empty.">
            {entries.map((entry) => (
              <Fragment key={entry.name}>
                <EntryRow entry={entry} mayAdd={isAdministrator || entry.forOneself}>
                  {chosen !== entry.name && (
                    <button type="button" className="pill pill-line" onClick={() => choose(entry.name)} aria-label={`Add ${entry.title}`}>
                      Add…
                    </button>
                  )}
                </EntryRow>
                {chosen === entry.name && (
                  <li className="py-3">
                    <EntryForm entry={entry} isAdministrator={isAdministrator} done={added} />
                  </li>
                )}
              </Fragment>
            ))}
          </Rows>
        </>
      )}
    </Shown>
  );
}

function EntryRow({ entry, mayAdd, children }: { entry: Entry; mayAdd: boolean; children: React.ReactNode }) {
  const { title, description, source, package: npm, url, requires } = entry;
  const needs = Object.entries(requires).map(([server, range]) => `needs ${server} ${range}`);
  const facts = [
    npm ? `${npm.name} ${npm.version}, started here` : (url ?? ''),
    source === 'shipped' ? 'comes with Annals' : 'signed',
    ...needs,
    ...(mayAdd ? [] : ['administrators may add it']),
  ];
  return (
    <Row title={title} facts={[description, facts.join(' · ')].filter(Boolean).join(' ')}>
      {mayAdd && children}
    </Row>
  );
}

const textOf = (fields: FormData, name: string): string => String(fields.get(name) ?? '').trim();
const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

function EntryForm({ entry, isAdministrator, done }: Adding & { entry: Entry }) {
  const { name, inputs, secrets, forOneself } = entry;
  const add = async (fields: FormData) => {
    const said = (asked: readonly AskedOf[], of: string) =>
      asked.flatMap((each) => {
        const lines = linesOf(textOf(fields, `${of} ${each.name}`));
        return lines.length === 0 ? [] : [[each.name, each.many ? lines : lines.join(' ')]];
      });
    const shared = !forOneself || fields.get('shared') === 'on';
    await addFromCatalogue(name, {
      slug: textOf(fields, 'slug'),
      owner: shared ? 'organisation' : 'self',
      inputs: Object.fromEntries(said(inputs, 'input')),
      secrets: Object.fromEntries(said(secrets, 'secret')),
    });
    done();
  };
  return (
    <Form label="Add" send={add}>
      <Labelled label="Short name" hint="The names of its tools begin with it.">
        <input name="slug" required pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?" maxLength={32} defaultValue={name} className="field" />
      </Labelled>
      {inputs.map((asked) => (
        <Labelled key={asked.name} label={labelOf(asked)} hint={`${asked.description}${asked.many ? ' One a line.' : ''}`}>
          {asked.many ? (
            <textarea name={`input ${asked.name}`} required={asked.required} rows={2} className="field" />
          ) : (
            <input name={`input ${asked.name}`} required={asked.required} className="field" />
          )}
        </Labelled>
      ))}
      {secrets.map((asked) => (
        <Labelled key={asked.name} label={labelOf(asked)} hint={`${asked.description} Encrypted, and never shown again.`}>
          <input name={`secret ${asked.name}`} required={asked.required} autoComplete="off" className="field" />
        </Labelled>
      ))}
      {isAdministrator && forOneself && (
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" name="shared" /> For everybody
        </label>
      )}
    </Form>
  );
}

const labelOf = ({ title, required }: AskedOf): string => (required ? title : `${title} (optional)`);
