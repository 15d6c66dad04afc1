import { useState } from 'react';
import { Page } from '../parts.tsx';
import { DeleteAccount, type Erasing, ErasingAccount } from './delete-account.tsx';
import { UseOfData } from './use-of-data.tsx';

/** What somebody can ask for about their own data. Each right is a section of its own. */
export default function PrivacyPage() {
  const [erasing, setErasing] = useState<Erasing>();
  if (erasing) return <ErasingAccount begun={erasing} />;
  return (
    <Page title="Privacy" lead="What may be done with your data, and how it ends.">
      <UseOfData />
      <DeleteAccount begun={setErasing} />
    </Page>
  );
}
