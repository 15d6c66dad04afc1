import { useState } from 'react';
import { Form, Labelled } from '../parts.tsx';
import { importServers, registerServer } from './tool-servers.ts';

interface Adding {
  readonly isAdministrator: boolean;
  readonly done: () => void;
}

const textOf = (fields: FormData, name: string): string => String(fields.get(name) ?? '').trim();
/** `Name: value` or `NAME=value`, one a line. */
const pairsOf = (text: string, sign: ':' | '='): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.includes(sign))
      .map((line) => [line.slice(0, line.indexOf(sign)).trim(), line.slice(line.indexOf(sign) + 1).trim()]),
  );

export function AddServer({ isAdministrator, done }: Adding) {
  const [byCommand, setByCommand] = useState(false);
  const add = async (fields: FormData) => {
    const [command = '', ...args] = textOf(fields, 'command')
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    const place = byCommand
      ? { transport: 'stdio', address: { command, args }, env: pairsOf(textOf(fields, 'secrets'), '=') }
      : {
          transport: 'auto',
          address: { url: textOf(fields, 'url') },
          headers: pairsOf(textOf(fields, 'secrets'), ':'),
          auth: fields.get('login') === 'on' ? 'oauth' : 'none',
        };
    const shared = byCommand || fields.get('shared') === 'on';
    await registerServer({ slug: textOf(fields, 'slug'), title: textOf(fields, 'title'), ...place, owner: shared ? 'organisation' : 'self' });
    done();
  };
  return (
    <>
      {isAdministrator && (
        <label className="mb-3 flex items-center gap-2 text-sm">
          <input type="checkbox" checked={byCommand} onChange={({ target }) => setByCommand(target.checked)} /> It is started by a command on this
          machine
        </label>
      )}
      <Form label="Add" send={add}>
        <Labelled label="Short name" hint="Small letters, digits and dashes; the names of its tools begin with it.">
          <input name="slug" required pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?" maxLength={32} className="field" />
        </Labelled>
        <Labelled label="What it is">
          <input name="title" maxLength={200} className="field" />
        </Labelled>
        {byCommand ? (
          <Labelled label="Command" hint="The program, then each argument on a line of its own. No shell takes part.">
            <textarea name="command" required rows={3} className="field" />
          </Labelled>
        ) : (
          <Labelled label="Address">
            <input name="url" type="url" required placeholder="https://" className="field" />
          </Labelled>
        )}
        <Labelled
          label={byCommand ? 'Variables' : 'Headers'}
          hint={`${byCommand ? 'NAME=value' : 'Name: value'}, one a line. Encrypted, and never shown again.`}
        >
          <textarea name="secrets" rows={2} className="field" autoComplete="off" />
        </Labelled>
        {!byCommand && (
          <label className="flex items-center gap-2 text-sm">
            <input type="checkbox" name="login" /> Each person logs in there (OAuth)
          </label>
        )}
        {isAdministrator && !byCommand && (
          <label className="flex items-center gap-2 text-sm">
            <input type="checkbox" name="shared" /> For everybody
          </label>
        )}
      </Form>
    </>
  );
}

export function ImportServers({ isAdministrator, done }: Adding) {
  const [outcome, setOutcome] = useState<readonly string[]>([]);
  const add = async (fields: FormData) => {
    const { imported } = await importServers(fields.get('shared') === 'on' ? 'organisation' : 'self', JSON.parse(textOf(fields, 'json')));
    setOutcome(imported.map(({ name, outcome: became, reason }) => `${name}: ${became}${reason ? `, ${reason}` : ''}`));
    done();
  };
  return (
    <>
      <Form label="Import" send={add}>
        <Labelled label="JSON">
          <textarea name="json" required rows={4} placeholder='{ "mcpServers": { … } }' className="field font-mono" />
        </Labelled>
        {isAdministrator && (
          <label className="flex items-center gap-2 text-sm">
            <input type="checkbox" name="shared" /> For everybody
          </label>
        )}
      </Form>
      {outcome.map((line) => (
        <p key={line} className="mt-2 text-sm">
          {line}
        </p>
      ))}
    </>
  );
}
