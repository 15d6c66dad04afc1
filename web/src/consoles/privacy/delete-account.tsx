import { useEffect, useState } from 'react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { Form, Labelled, Page, Section } from '../parts.tsx';

const CONFIRMATION = 'delete my account';
const EVERY_MS = 500;

export interface Erasing {
  readonly jobId: string;
}

export function DeleteAccount({ begun }: { begun: (erasing: Erasing) => void }) {
  return (
    <Section
      title="Delete your account"
      lead="You are logged out everywhere at once. Your conversations, files, keys and what you said about yourself are destroyed; what you wrote in conversations of others becomes unreadable. Nobody can bring any of it back."
    >
      <Form
        label="Delete my account"
        send={async (fields) =>
          begun(await request('/api/me/erase', z.object({ jobId: z.string() }), { method: 'POST', body: { confirm: String(fields.get('confirm')) } }))
        }
      >
        <Labelled label={`Type “${CONFIRMATION}”`}>
          <input name="confirm" required autoComplete="off" pattern={CONFIRMATION} title={CONFIRMATION} className="field" />
        </Labelled>
      </Form>
    </Section>
  );
}

const Progress = z.object({ status: z.enum(['requested', 'running', 'succeeded', 'failed', 'cancelled']), number: z.number(), of: z.number() });
type Progress = z.infer<typeof Progress>;

/** Asked without any account: there is none any more. */
async function fetchProgress(jobId: string): Promise<Progress | undefined> {
  const response = await fetch(`/api/erasures/${encodeURIComponent(jobId)}`, { credentials: 'omit' }).catch(() => undefined);
  return response?.ok ? Progress.safeParse(await response.json()).data : undefined;
}

export function ErasingAccount({ begun: { jobId } }: { begun: Erasing }) {
  const [progress, setProgress] = useState<Progress>();
  const isOver = progress?.status === 'succeeded';
  useEffect(() => {
    if (isOver) return;
    const timer = setInterval(() => void fetchProgress(jobId).then((found) => found && setProgress(found)), EVERY_MS);
    return () => clearInterval(timer);
  }, [jobId, isOver]);
  const { number = 0, of = 0 } = progress ?? {};
  return (
    <Page title={isOver ? 'Your account is gone' : 'Your account is being deleted'}>
      <div role="status" className="mt-6">
        <progress className="w-full accent-verdigris" max={Math.max(1, of)} value={isOver ? Math.max(1, of) : number} aria-label="Progress" />
        <p className="mt-2 text-dim text-sm">
          {isOver
            ? 'Everything of yours has been destroyed. You can close this page.'
            : of === 0
              ? 'You are logged out everywhere. The erasure is about to begin.'
              : `Step ${number} of ${of}. It goes on by itself: you can close this page.`}
        </p>
      </div>
    </Page>
  );
}
