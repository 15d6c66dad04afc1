import { useState } from 'react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { toast } from '../../ui/toasts.tsx';
import { Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const Said = z.object({ restricted: z.boolean(), objectsToAnalytics: z.boolean() });
type Said = z.infer<typeof Said>;
const fetchSaid = () => request('/api/me/privacy', Said);

/** Articles 18 and 21 of the GDPR. */
export function UseOfData() {
  const said = useAsked(fetchSaid);
  return (
    <Section title="Use of your data">
      <Shown asked={said}>
        {({ restricted, objectsToAnalytics }) => (
          <div className="divide-y divide-line border-line border-y">
            <Choice
              label="Restrict processing"
              hint="Everything is kept and can be read. No model is called, and nothing is titled, indexed or counted, until you take this back."
              field="restricted"
              on={restricted}
              changed={said.reload}
            />
            <Choice
              label="Object to analytics"
              hint="Figures of how this server is used are made without you."
              field="objectsToAnalytics"
              on={objectsToAnalytics}
              changed={said.reload}
            />
          </div>
        )}
      </Shown>
    </Section>
  );
}

function Choice({ label, hint, field, on, changed }: { label: string; hint: string; field: keyof Said; on: boolean; changed: () => void }) {
  const [saving, setSaving] = useState(false);
  const change = async () => {
    setSaving(true);
    await request('/api/me/privacy', z.unknown(), { method: 'PATCH', body: { [field]: !on } }).then(changed, (error: Error) => toast(error.message));
    setSaving(false);
  };
  return (
    <label className="flex cursor-pointer items-start gap-3 py-3">
      <input type="checkbox" className="mt-1 accent-verdigris" checked={on} disabled={saving} onChange={() => void change()} />
      <span>
        <span className="font-medium">{label}</span>
        <span className="block text-dim text-sm">{hint}</span>
      </span>
    </label>
  );
}
