import { useState } from 'react';
import { z } from 'zod';
import { annals } from '../../annals.ts';
import { request } from '../../api.ts';
import { toast } from '../../ui/toasts.tsx';
import { Act, Row, Rows, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const Exports = z.object({
  exports: z.array(
    z.object({ jobId: z.string(), requestedAt: z.string(), ready: z.boolean(), size: z.number().nullable(), expiresAt: z.string().nullable() }),
  ),
});
const Address = z.object({ url: z.string() });
const Started = z.object({ jobId: z.string() });
const Job = z.object({ status: z.string(), code: z.string().nullable(), done: z.number() });

const fetchExports = async () => (await request('/api/me/exports', Exports)).exports;
const EVERY_MS = 500;

/** Waits for the end of a job; answers why it failed. */
async function jobEnd(jobId: string, heard: (done: number) => void): Promise<string | undefined> {
  for (;;) {
    const { status, code, done } = await request(`/api/jobs/${encodeURIComponent(jobId)}`, Job).catch(() => ({ status: '', code: null, done: 0 }));
    if (status === 'succeeded') return undefined;
    if (status === 'failed' || status === 'cancelled') return code ?? status;
    heard(done);
    await new Promise((go) => setTimeout(go, EVERY_MS));
  }
}

/** The browser saves it by itself: of a large file nothing is held by this page. */
async function download(jobId: string): Promise<void> {
  const { url } = await request(`/api/me/exports/${encodeURIComponent(jobId)}/address`, Address, { method: 'POST' });
  const link = document.createElement('a');
  const { pathname, search } = new URL(url);
  link.href = pathname + search;
  link.download = '';
  link.click();
}

const megabytes = (bytes: number): string => (bytes < 100_000 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`);

/** Everything that is kept of this person, in one file, and the way back. */
export function ArchivesSection() {
  const files = useAsked(fetchExports);
  return (
    <>
      <Section title="Take everything with you" lead="One file with all that is kept of you: threads, answers, files, and who looked at your data.">
        <Act
          label="Put it into a file"
          act={async () => {
            const { jobId } = await request('/api/me/exports', Started, { method: 'POST' });
            files.reload();
            const failed = await jobEnd(jobId, () => undefined);
            if (failed !== undefined) throw new Error(`The file could not be written: ${failed}.`);
          }}
          done={files.reload}
        />
        <div className="mt-3">
          <Shown asked={files}>
            {(all) => (
              <Rows empty="There is no file of yours at the moment. One can be had for a day, then it is destroyed.">
                {all.map(({ jobId, requestedAt, ready, size, expiresAt }) => (
                  <Row
                    key={jobId}
                    title={
                      <>
                        Of <When time={requestedAt} />
                      </>
                    }
                    facts={
                      ready && expiresAt ? (
                        <>
                          {megabytes(size ?? 0)} · until <When time={expiresAt} />
                        </>
                      ) : (
                        'is being written'
                      )
                    }
                  >
                    {ready && <Act label="Download" act={() => download(jobId)} done={() => undefined} />}
                  </Row>
                ))}
              </Rows>
            )}
          </Shown>
        </div>
      </Section>
      <ImportSection />
    </>
  );
}

function ImportSection() {
  const [state, setState] = useState('');
  const take = async (file: File) => {
    setState('It is being sent…');
    const headers = new Headers(await annals.headers());
    headers.set('content-type', 'application/gzip');
    const response = await fetch('/api/me/imports', { method: 'POST', headers, body: file });
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok) throw new Error(z.object({ detail: z.string() }).safeParse(answer).data?.detail ?? `The server answered ${response.status}.`);
    const failed = await jobEnd(Started.parse(answer).jobId, (done) => setState(`${done} read so far…`));
    if (failed !== undefined) throw new Error(`The file was refused: ${failed}.`);
    setState('All of it is here now.');
  };
  return (
    <Section title="Bring it along" lead="The file of another server. What is here already stays; nothing is sent to a model because of it.">
      <label className="pill pill-line inline-block cursor-pointer">
        Choose a file
        <input
          type="file"
          accept=".gz,.tgz,application/gzip"
          className="sr-only"
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            if (!file) return;
            take(file).catch((error: unknown) => {
              setState('');
              toast((error as Error).message);
            });
          }}
        />
      </label>
      {state && (
        <p role="status" className="mt-2 text-sm">
          {state}
        </p>
      )}
    </Section>
  );
}
