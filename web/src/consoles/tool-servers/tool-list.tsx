import { useState } from 'react';
import { toast } from '../../ui/toasts.tsx';
import { Act, Row, Rows } from '../parts.tsx';
import { type Change, chooseTool, fetchChange, type Policy, setPolicy, type Tool, takeChange } from './tool-servers.ts';

/** Tools by server, the rest of a long list on demand. */
export function ToolList({ tools, done }: { tools: readonly Tool[]; done: () => void }) {
  const [open, setOpen] = useState('');
  const servers = [...Map.groupBy(tools, ({ serverId }) => serverId)];
  return (
    <Rows empty="No server has any yet.">
      {servers.map(([serverId, members]) => {
        const withheld = members.filter(({ offered }) => !offered).length;
        const shown = open === serverId;
        return (
          <li key={serverId} className="py-3">
            <button type="button" className="w-full text-left" aria-expanded={shown} onClick={() => setOpen(shown ? '' : serverId)}>
              <span className="font-medium">{members[0]?.server}</span>{' '}
              <span className="text-dim text-sm">
                {members.length} tools{withheld > 0 ? `, ${withheld} withheld` : ''}
              </span>
            </button>
            {shown && (
              <ul className="mt-2 divide-y divide-line border-line border-t pl-4">
                {members.map((tool) => (
                  <ToolRow key={tool.name} tool={tool} done={done} />
                ))}
              </ul>
            )}
          </li>
        );
      })}
    </Rows>
  );
}

const whys: Readonly<Record<string, string>> = {
  quarantined: 'Its definition has changed: look at it before it is offered again.',
  denied: 'Denied.',
  disabled: 'You have switched it off.',
  off: 'Its server is switched off.',
  collision: 'Another tool has the same name.',
};

function ToolRow({ tool, done }: { tool: Tool; done: () => void }) {
  const [change, setChange] = useState<Change>();
  const { serverId, tool: name, policy, withheld, reason, description, hints, warnings = [] } = tool;
  const choose = (value: string) => void setPolicy(serverId, name, value as Policy).then(done, (error: unknown) => toast((error as Error).message));
  const why = withheld ? (reason ?? whys[withheld] ?? withheld) : undefined;
  const hint = hints.destructive ? 'can destroy' : hints.readOnly ? 'only reads, it says' : undefined;
  return (
    <>
      <Row title={name} facts={[why, ...warnings, hint, description?.slice(0, 160)].filter(Boolean).join(' · ')}>
        {withheld === 'quarantined' && (
          <Act label="What changed?" act={async () => setChange(await fetchChange(serverId, name))} done={() => undefined} />
        )}
        {withheld !== 'broken' && (
          <select
            aria-label={`Policy of ${name}`}
            className="rounded-xl border border-line bg-leaf px-2 py-1 text-sm"
            value={policy}
            onChange={({ target }) => choose(target.value)}
          >
            <option value="ask">ask</option>
            <option value="allow">allow</option>
            <option value="deny">deny</option>
          </select>
        )}
        {(withheld === null || withheld === 'disabled') && (
          <Act label={withheld === null ? 'Off' : 'On'} act={() => chooseTool(serverId, name, withheld === null ? false : null)} done={done} />
        )}
      </Row>
      {change && (
        <li className="py-3 text-sm">
          {change.changed.map((field) => (
            <div key={field} className="mb-3">
              <p className="font-medium">{field}</p>
              <pre className="overflow-x-auto whitespace-pre-wrap rounded-xl bg-wash p-3 line-through opacity-70">{text(change.before?.[field])}</pre>
              <pre className="mt-1 overflow-x-auto whitespace-pre-wrap rounded-xl bg-wash p-3">{text(change.now?.[field])}</pre>
            </div>
          ))}
          <Act label="Take it as it is now" act={() => takeChange(serverId, name, change)} done={done} />
        </li>
      )}
    </>
  );
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null, null, 2));
