import { z } from 'zod';
import { request } from '../../api.ts';
import { Form, Labelled, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const Policy = z.object({ mode: z.enum(['off', 'foreign', 'all']), kinds: z.array(z.string()), own: z.array(z.string()), binding: z.boolean() });
type Policy = z.infer<typeof Policy>;
const fetchPolicy = async () => (await request('/api/masking', z.object({ policy: Policy }))).policy;
const fetchWords = async () => (await request('/api/me/masked-words', z.object({ words: z.array(z.string()) }))).words;

const modes: Readonly<Record<Policy['mode'], string>> = {
  off: 'Nothing is masked, unless a thread says so.',
  foreign: 'Masked for providers that do not run here.',
  all: 'Masked for every provider.',
};

/** What leaves in prompts: everybody’s own words, and the installation’s rule. */
export function MaskingSection({ administrator }: { administrator: boolean }) {
  const policy = useAsked(fetchPolicy);
  const words = useAsked(fetchWords);
  return (
    <Section
      title="Personal data in prompts"
      lead="Addresses, numbers of telephones, accounts, cards and persons, and your own words, can be masked before a prompt leaves: the model sees [EMAIL_1], you see what you wrote."
    >
      <Shown asked={policy}>
        {(now) => (
          <>
            <p className="text-sm">{modes[now.mode]}</p>
            {administrator && (
              <div className="mt-3">
                <Form
                  label="Change the rule"
                  send={async (fields) => {
                    const next = { ...now, mode: String(fields.get('mode')), binding: fields.get('binding') === 'on' };
                    await request('/api/masking', z.unknown(), { method: 'PUT', body: { policy: next } });
                    policy.reload();
                  }}
                >
                  <Labelled label="Mask prompts">
                    <select name="mode" defaultValue={now.mode} className="field">
                      <option value="off">never</option>
                      <option value="foreign">to providers elsewhere</option>
                      <option value="all">always</option>
                    </select>
                  </Labelled>
                  <label className="flex items-center gap-1.5 text-sm">
                    <input type="checkbox" name="binding" defaultChecked={now.binding} /> No thread may turn it off
                  </label>
                </Form>
              </div>
            )}
          </>
        )}
      </Shown>
      <Shown asked={words}>
        {(all) => (
          <div className="mt-4">
            <Form
              key={all.join()}
              label="Keep these words"
              send={async (fields) => {
                const list = String(fields.get('words'))
                  .split('\n')
                  .map((word) => word.trim())
                  .filter(Boolean);
                await request('/api/me/masked-words', z.unknown(), { method: 'PUT', body: { words: list } });
                words.reload();
              }}
            >
              <Labelled label="Your own names and words" hint="One a line. They are kept encrypted, and masked wherever prompts are.">
                <textarea name="words" rows={4} defaultValue={all.join('\n')} className="field" />
              </Labelled>
            </Form>
          </div>
        )}
      </Shown>
    </Section>
  );
}
