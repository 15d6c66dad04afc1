import { useState } from 'react';
import { fetchMe } from '../me.ts';
import { Page } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { ArchivesSection } from './archives.tsx';
import { DeleteAccount, type Erasing, ErasingAccount } from './delete-account.tsx';
import { MaskingSection } from './masking.tsx';
import { RetentionSection } from './retention.tsx';
import { UseOfData } from './use-of-data.tsx';

/** What is kept of somebody, for how long, what may be done with it, and how it ends. Each right is a section of its own. */
export default function DataPage() {
  const me = useAsked(fetchMe);
  const [erasing, setErasing] = useState<Erasing>();
  if (erasing) return <ErasingAccount begun={erasing} />;
  return (
    <Page title="Your data" lead="What is kept of you and for how long, what may be done with it, and how it ends.">
      <Shown asked={me}>
        {({ roles }) => (
          <>
            <ArchivesSection />
            <UseOfData />
            <MaskingSection administrator={roles.includes('administrator')} />
            <RetentionSection administrator={roles.includes('administrator')} />
            <DeleteAccount begun={setErasing} />
          </>
        )}
      </Shown>
    </Page>
  );
}
