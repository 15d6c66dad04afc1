import { X } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Act, Form, Labelled, Row, Rows } from '../consoles/parts.tsx';
import { Shown, useAsked } from '../consoles/use-asked.tsx';
import { fetchRoles, fetchShares, findPeople, levels, type Person, share, sharesOfThread, unshare, usualRoles } from './shares.ts';

/** With whom a conversation is shared, and how far; for whoever manages it. */
export function ShareDialog({ threadId, onClose }: { threadId: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-label="Share this conversation"
      onClose={onClose}
      className="rise m-auto w-[min(36rem,calc(100vw-2rem))] rounded-2xl border border-line bg-paper p-5 text-ink backdrop:bg-black/40"
    >
      <div className="flex items-start gap-4">
        <div className="min-w-0 flex-1">
          <h2 className="font-display text-2xl">Share this conversation</h2>
          <p className="text-dim text-sm">View reads it, edit also writes in it, manage also shares it. Every reading is recorded.</p>
        </div>
        <button type="button" className="icon-button size-8" aria-label="Close" onClick={() => dialog.current?.close()}>
          <X size={16} />
        </button>
      </div>
      <Shares thing={sharesOfThread(threadId)} />
    </dialog>
  );
}

/** With whom a thing is shared, and sharing it. `onlyToUse`: there is nothing else that one may with it. */
export function Shares({ thing, onlyToUse = false }: { thing: string; onlyToUse?: boolean }) {
  const shares = useAsked(useCallback(() => fetchShares(thing), [thing]));
  const roles = useAsked(fetchRoles);
  const nameOf = (id: string) => roles.value?.find((role) => role.id === id)?.name;
  return (
    <>
      <div className="mt-4">
        <Form
          label="Share"
          send={async (fields) => {
            await share(thing, granteeIn(fields), String(fields.get('level')));
            shares.reload();
          }}
        >
          <PersonField />
          <Labelled label="or a role" hint="Whoever has it">
            <select name="role" className="field" defaultValue="">
              <option value="">none</option>
              {usualRoles.map((role) => (
                <option key={role}>{role}</option>
              ))}
              {roles.value?.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Labelled>
          {onlyToUse ? (
            <input type="hidden" name="level" value="view" />
          ) : (
            <Labelled label="May" hint="As is said above">
              <Level />
            </Labelled>
          )}
        </Form>
      </div>
      <div className="mt-5 max-h-[45vh] overflow-y-auto">
        <Shown asked={shares}>
          {(all) => (
            <Rows empty="It is shared with nobody.">
              {all.map(({ with: grantee, level, name }) => (
                <Row
                  key={grantee}
                  title={name ?? nameOf(grantee) ?? grantee}
                  facts={grantee.startsWith('person_') ? name && grantee : `whoever has this role`}
                >
                  {!onlyToUse && (
                    <Level value={level} label={`What ${name ?? grantee} may`} onChange={(to) => share(thing, grantee, to).then(shares.reload)} />
                  )}
                  <Act label="Stop sharing" act={() => unshare(thing, grantee)} done={shares.reload} />
                </Row>
              ))}
            </Rows>
          )}
        </Shown>
      </div>
    </>
  );
}

function granteeIn(fields: FormData): string {
  const grantee = String(fields.get('person')).trim() || String(fields.get('role'));
  if (!grantee) throw new Error('Say with whom: a person, or a role.');
  return grantee;
}

function Level({ value, label = 'May', onChange }: { value?: string; label?: string; onChange?: (level: string) => void }) {
  const bound = onChange ? { value, onChange: (event: { target: { value: string } }) => onChange(event.target.value) } : { defaultValue: 'view' };
  return (
    <select name="level" aria-label={label} className="field" {...bound}>
      {levels.map((level) => (
        <option key={level}>{level}</option>
      ))}
    </select>
  );
}

const PAUSE_MS = 400;

/** A person by name, found as one types, or by the whole id. What is sent is the id. */
export function PersonField() {
  const [text, setText] = useState('');
  const [found, setFound] = useState<readonly Person[]>([]);
  useEffect(() => {
    if (text.trim().length < 2 || text.startsWith('person_')) return setFound([]);
    const timer = setTimeout(() => findPeople(text.trim()).then(setFound, () => setFound([])), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <Labelled label="A person" hint="By name, or by id">
      <input name="person" autoComplete="off" className="field" list="people" onChange={(event) => setText(event.target.value)} />
      <datalist id="people">
        {found.map(({ id, name }) => (
          <option key={id} value={id} label={name ?? id} />
        ))}
      </datalist>
    </Labelled>
  );
}
