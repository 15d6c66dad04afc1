import { z } from 'zod';
import { request } from '../../api.ts';
import { Form, Labelled, Row, Rows, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const Policy = z.object({
  conversations: z.number().nullable(),
  trash: z.number().nullable(),
  uploads: z.number().nullable(),
  reports: z.number().nullable(),
  liveLog: z.number(),
  exports: z.number(),
  access: z.number().nullable(),
  binding: z.boolean(),
});
type Policy = z.infer<typeof Policy>;
const Due = z.object({
  due: z.array(z.object({ id: z.string(), kind: z.string(), deletedAt: z.string(), because: z.enum(['own', 'installation']).nullable() })),
});

const fetchPolicy = async () => (await request('/api/retention', z.object({ policy: Policy }))).policy;
const fetchDue = async () => (await request('/api/retention/due?withinDays=30', Due)).due;

const names: readonly (readonly [Exclude<keyof Policy, 'binding'>, string])[] = [
  ['conversations', 'Threads, from their last activity on'],
  ['trash', 'Threads in the trash'],
  ['uploads', 'Files that no message has'],
  ['reports', 'What clients report of their doing'],
  ['access', 'Who was refused what, who looked at whose data, and from which network'],
  ['liveLog', 'Streams of answers, after their end'],
  ['exports', 'Files with everything of a person'],
];
const timeOf = (hours: number | null): string => {
  if (hours === null) return 'for ever';
  return hours % 24 === 0 ? `${hours / 24} ${hours === 24 ? 'day' : 'days'}` : `${hours} hours`;
};
const kinds: Readonly<Record<string, string>> = { conversations: 'A thread', trash: 'A thread in the trash', uploads: 'A file', reports: 'Reports' };

/** How long what is kept, and what is going to be deleted soon; administrators change it. */
export function RetentionSection({ administrator }: { administrator: boolean }) {
  const policy = useAsked(fetchPolicy);
  const due = useAsked(fetchDue);
  return (
    <>
      <Section title="Soon to be deleted" lead="What of yours is deleted for good within 30 days, unless something happens to it.">
        <Shown asked={due}>
          {(all) => (
            <Rows empty="Nothing.">
              {all.map(({ id, kind, deletedAt, because }) => (
                <Row
                  key={id}
                  title={
                    kind === 'conversations' ? (
                      <a className="underline" href={`/app/c/${id}`}>
                        {kinds[kind]}
                      </a>
                    ) : (
                      (kinds[kind] ?? kind)
                    )
                  }
                  facts={
                    <>
                      on <When time={deletedAt} /> {because === 'own' ? 'because you said so' : 'because of how long things are kept here'}
                    </>
                  }
                />
              ))}
            </Rows>
          )}
        </Shown>
      </Section>
      <Section title="How long things are kept here">
        <Shown asked={policy}>
          {(now) => (
            <>
              <Rows empty="">
                {names.map(([name, title]) => (
                  <Row key={name} title={title} facts={timeOf(now[name])} />
                ))}
              </Rows>
              {administrator && <Change key={JSON.stringify(now)} now={now} done={policy.reload} />}
            </>
          )}
        </Shown>
      </Section>
    </>
  );
}

function Change({ now, done }: { now: Policy; done: () => void }) {
  const hours = (fields: FormData, name: string): number | null => {
    const days = String(fields.get(name) ?? '').trim();
    return days === '' ? null : Math.round(Number(days) * 24);
  };
  return (
    <div className="mt-4">
      <Form
        label="Change it"
        send={async (fields) => {
          const { conversations, trash, uploads, reports, access } = Object.fromEntries(names.map(([name]) => [name, hours(fields, name)]));
          const policy = { ...now, conversations, trash, uploads, reports, access, binding: fields.get('binding') === 'on' };
          await request('/api/retention', z.unknown(), { method: 'PUT', body: { policy } });
          done();
        }}
      >
        {names.slice(0, 5).map(([name, title]) => {
          const kept = now[name];
          return (
            <Labelled key={name} label={title} hint="Days; empty: for ever.">
              <input name={name} type="number" min={1} max={36500} step="any" defaultValue={kept === null ? '' : kept / 24} className="field" />
            </Labelled>
          );
        })}
        <label className="flex w-full items-center gap-1.5 text-sm">
          <input type="checkbox" name="binding" defaultChecked={now.binding} /> Also for threads whose owners want to keep them longer
        </label>
        <p className="w-full text-dim text-xs">
          What becomes overdue by a shorter time is deleted a week later at the earliest; its owners see it before.
        </p>
      </Form>
    </div>
  );
}
