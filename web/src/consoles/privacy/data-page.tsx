import { fetchMe } from '../me.ts';
import { Page } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { ArchivesSection } from './archives.tsx';
import { MaskingSection } from './masking.tsx';
import { RetentionSection } from './retention.tsx';

/** What is kept, for how long, what leaves in prompts, and all of it in one file. */
export default function DataPage() {
  const me = useAsked(fetchMe);
  return (
    <Page title="Your data" lead="What is kept of you, for how long, and what of it leaves.">
      <Shown asked={me}>
        {({ roles }) => (
          <>
            <ArchivesSection />
            <RetentionSection administrator={roles.includes('administrator')} />
            <MaskingSection administrator={roles.includes('administrator')} />
          </>
        )}
      </Shown>
    </Page>
  );
}
