import { z } from 'zod';
import { CopyButton } from '../../ui/copy-button.tsx';

export const Link = z.looseObject({ link: z.string() });
export const linkTo = (link: string): string => location.origin + link;

/** A link that somebody has to be given, in whatever way. */
export const HandOver = ({ link, whose }: { link: string; whose: string }) => (
  <div role="status" className="rise my-4 rounded-xl border border-verdigris bg-leaf px-4 py-3 text-sm">
    <p className="font-medium">Hand this link to {whose}: whoever has it can use it, once.</p>
    <p className="flex items-center gap-2">
      <code className="min-w-0 flex-1 truncate font-mono text-xs">{link}</code>
      <CopyButton text={link} label="Copy the link" />
    </p>
  </div>
);
