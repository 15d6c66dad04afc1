import { useState } from 'react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Act, Form, Labelled, Page, Row, Rows, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const Token = z.object({
  id: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  revokedFrom: z.string().nullable(),
});
const fetchTokens = async () => (await request('/api/tokens?limit=100', z.object({ tokens: z.array(Token) }))).tokens;
const Made = z.object({ token: z.string(), expiresAt: z.string() });
type Made = z.infer<typeof Made>;

const scopes = ['read', 'write', 'administer'] as const;

export default function TokensPage() {
  const tokens = useAsked(fetchTokens);
  const [made, setMade] = useState<Made>();
  const show = (token: Made) => {
    setMade(token);
    tokens.reload();
  };
  const path = (id: string) => `/api/tokens/${encodeURIComponent(id)}`;
  const isOver = ({ revokedFrom, expiresAt }: z.infer<typeof Token>) =>
    [revokedFrom, expiresAt].some((end) => end !== null && Date.parse(end) <= Date.now());

  return (
    <Page title="Access tokens" lead="For scripts and apps that act in your name. A token is shown once, when it is made.">
      {made && <ShownOnce made={made} />}
      <Section title="Make one">
        <Form
          label="Make a token"
          send={async (fields) =>
            show(
              await request('/api/tokens', Made, {
                method: 'POST',
                body: { days: Number(fields.get('days')), scopes: fields.getAll('scopes') },
              }),
            )
          }
        >
          <Labelled label="Valid for, in days">
            <input name="days" type="number" min={1} max={3650} defaultValue={90} required className="field" />
          </Labelled>
          <fieldset className="flex-1 text-sm">
            <legend className="font-medium">Only to (none: whatever you may)</legend>
            <div className="flex flex-wrap gap-x-4 py-1">
              {scopes.map((scope) => (
                <label key={scope} className="flex items-center gap-1.5">
                  <input type="checkbox" name="scopes" value={scope} /> {scope}
                </label>
              ))}
            </div>
          </fieldset>
        </Form>
      </Section>
      <Section title="Yours">
        <Shown asked={tokens}>
          {(all) => (
            <Rows empty="You have made none.">
              {all.map((token) => (
                <Row
                  key={token.id}
                  title={<span className="font-mono text-sm">{token.id}</span>}
                  facts={
                    <>
                      {token.scopes.join(', ') || 'everything you may'} · made <When time={token.createdAt} />
                      {token.expiresAt && (
                        <>
                          {' '}
                          · until <When time={token.revokedFrom ?? token.expiresAt} />
                        </>
                      )}
                      {isOver(token) && ' · void'}
                    </>
                  }
                >
                  {!isOver(token) && (
                    <>
                      <Act
                        label="Rotate"
                        act={async () => setMade(await request(`${path(token.id)}/rotate`, Made, { method: 'POST', body: {} }))}
                        done={tokens.reload}
                      />
                      <Act
                        label="Revoke"
                        confirm="Whatever uses this token is refused from now on."
                        act={() => request(path(token.id), z.unknown(), { method: 'DELETE' })}
                        done={tokens.reload}
                      />
                    </>
                  )}
                </Row>
              ))}
            </Rows>
          )}
        </Shown>
      </Section>
    </Page>
  );
}

const ShownOnce = ({ made }: { made: Made }) => (
  <div role="status" className="rise mt-6 rounded-xl border border-verdigris bg-leaf px-4 py-3 text-sm">
    <p className="font-medium">Copy it now: it is not shown again.</p>
    <p className="flex items-center gap-2">
      <code className="min-w-0 flex-1 truncate font-mono text-xs">{made.token}</code>
      <CopyButton text={made.token} label="Copy the token" />
    </p>
  </div>
);
