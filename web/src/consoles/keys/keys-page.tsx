import { z } from 'zod';
import { request } from '../../api.ts';
import { Act, Form, Labelled, Page, Row, Rows, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const Key = z.object({
  id: z.string(),
  provider: z.string(),
  description: z.string(),
  baseUrl: z.string().nullable(),
  lastFour: z.string(),
  rotatedAt: z.string(),
  rotateBy: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  uses: z.number(),
});
const fetchKeys = async () => (await request('/api/provider-keys', z.object({ keys: z.array(Key) }))).keys;
const given = (fields: FormData, name: string) => String(fields.get(name) ?? '').trim() || undefined;

export default function KeysPage() {
  const keys = useAsked(fetchKeys);
  const path = (id: string) => `/api/provider-keys/${encodeURIComponent(id)}`;
  const rotate = async (id: string) => {
    const apiKey = prompt('The new key. The one before is tried for a while where this one is refused.')?.trim();
    if (apiKey) await request(`${path(id)}/rotate`, z.unknown(), { method: 'POST', body: { apiKey } });
  };
  return (
    <Page title="Keys of services" lead="Your own keys of model services. They are encrypted, used for you alone, and never shown again.">
      <Section title="Add one">
        <Form
          label="Add the key"
          send={async (fields) => {
            const body = {
              provider: given(fields, 'provider'),
              apiKey: given(fields, 'apiKey'),
              description: given(fields, 'description'),
              baseUrl: given(fields, 'baseUrl'),
            };
            await request('/api/provider-keys', z.unknown(), { method: 'POST', body });
            keys.reload();
          }}
        >
          <Labelled label="Service">
            <input name="provider" list="services" required className="field" placeholder="openai" />
            <datalist id="services">
              {['openai', 'anthropic', 'gemini'].map((service) => (
                <option key={service} value={service} />
              ))}
            </datalist>
          </Labelled>
          <Labelled label="Key">
            <input name="apiKey" type="password" autoComplete="off" required className="field" />
          </Labelled>
          <Labelled label="Description">
            <input name="description" className="field" maxLength={200} />
          </Labelled>
          <Labelled label="Address" hint="Empty: the service’s own.">
            <input name="baseUrl" type="url" className="field" placeholder="https://…" />
          </Labelled>
        </Form>
      </Section>
      <Section title="Yours">
        <Shown asked={keys}>
          {(all) => (
            <Rows empty="You have added none.">
              {all.map((key) => (
                <Row
                  key={key.id}
                  title={`${key.provider}${key.description ? ` · ${key.description}` : ''}`}
                  facts={
                    <>
                      {key.lastFour ? `ends in ${key.lastFour}` : 'a short key'} · used {key.uses} {key.uses === 1 ? 'time' : 'times'}
                      {key.lastUsedAt && (
                        <>
                          , last <When time={key.lastUsedAt} />
                        </>
                      )}
                      {key.rotateBy && (
                        <>
                          {' '}
                          · to be rotated by <When time={key.rotateBy} />
                        </>
                      )}
                      {key.baseUrl && ` · ${key.baseUrl}`}
                    </>
                  }
                >
                  <Act label="Rotate" act={() => rotate(key.id)} done={keys.reload} />
                  <Act
                    label="Remove"
                    confirm="The key is destroyed here for good."
                    act={() => request(path(key.id), z.unknown(), { method: 'DELETE' })}
                    done={keys.reload}
                  />
                </Row>
              ))}
            </Rows>
          )}
        </Shown>
      </Section>
    </Page>
  );
}
