import { useCallback } from 'react';
import { Act, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { fetchCompatibility, takeContract } from './releases.ts';
import { ReportView } from './report.tsx';
import type { Server } from './tool-servers.ts';

/** Servers that say something else than what was taken of them. */
export function Changes({ servers, done }: { servers: readonly Server[]; done: () => void }) {
  const changed = servers.filter(({ contract }) => contract?.changed);
  if (changed.length === 0) return null;
  return (
    <Section title="Changed" lead="What these servers offer is not what was taken of them. Tools whose definition changed are withheld.">
      {changed.map((server) => (
        <Changed key={server.id} server={server} done={done} />
      ))}
    </Section>
  );
}

function Changed({ server: { id, slug, administered }, done }: { server: Server; done: () => void }) {
  const asked = useAsked(useCallback(() => fetchCompatibility(id), [id]));
  return (
    <article aria-label={`Changes of ${slug}`} className="mt-3">
      <h4 className="mb-2 font-medium">{slug}</h4>
      <Shown asked={asked}>
        {(report) => (
          <>
            <ReportView report={report} />
            {administered && (
              <div className="mt-3">
                <Act label="Take all of it as it is now" act={() => takeContract(id, report)} done={done} />
              </div>
            )}
          </>
        )}
      </Shown>
    </article>
  );
}
