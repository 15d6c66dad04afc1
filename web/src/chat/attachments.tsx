import { AttachmentPrimitive, ComposerPrimitive, MessagePrimitive, useAuiState } from '@assistant-ui/react';
import { FileText, LoaderCircle, TriangleAlert, X } from 'lucide-react';
import { useEffect, useState } from 'react';

const inComposer = { Attachment: PendingAttachment };
const inMessage = { Attachment: SentAttachment };

export const ComposerAttachments = () => (
  <div className="flex flex-wrap gap-2 px-1 pb-1 empty:hidden">
    <ComposerPrimitive.Attachments components={inComposer} />
  </div>
);

export const MessageAttachments = () => (
  <div className="mb-1.5 flex flex-wrap items-end justify-end gap-2 empty:hidden">
    <MessagePrimitive.Attachments components={inMessage} />
  </div>
);

function PendingAttachment() {
  const status = useAuiState((s) => s.attachment.status);
  const failed = status.type === 'incomplete';
  return (
    <AttachmentPrimitive.Root
      className={`rise flex max-w-56 items-center gap-2 rounded-xl border bg-paper p-1.5 pr-1 text-sm ${failed ? 'border-rubric/50' : 'border-line'}`}
    >
      {status.type === 'running' ? (
        <LoaderCircle size={16} aria-label="Uploading" className="m-2 animate-spin text-dim" />
      ) : failed ? (
        <TriangleAlert size={16} aria-label="The upload failed" className="m-2 text-rubric" />
      ) : (
        <Thumb />
      )}
      <span className="truncate" title={failed ? status.message : undefined}>
        <AttachmentPrimitive.Name />
      </span>
      <AttachmentPrimitive.Remove className="icon-button size-7" aria-label="Remove the attachment">
        <X size={14} />
      </AttachmentPrimitive.Remove>
    </AttachmentPrimitive.Root>
  );
}

function SentAttachment() {
  const image = useAuiState(sentImage);
  const href = useAuiState((s) => s.attachment.content?.find((part) => part.type === 'file')?.data);
  if (image) {
    return (
      <a href={image} target="_blank" rel="noopener noreferrer">
        <AttachmentImage src={image} className="max-h-64 max-w-full rounded-2xl border border-line" />
      </a>
    );
  }
  const look = 'flex items-center gap-2 rounded-xl border border-line bg-leaf px-3 py-2 text-sm';
  const content = (
    <>
      <FileText size={16} className="flex-none text-dim" /> <AttachmentPrimitive.Name />
    </>
  );
  return href && /^(https?:|\/)/.test(href) ? (
    <a href={href} target="_blank" rel="noopener noreferrer" className={`${look} hover:bg-wash`}>
      {content}
    </a>
  ) : (
    <AttachmentPrimitive.Root className={look}>{content}</AttachmentPrimitive.Root>
  );
}

interface AttachmentScope {
  attachment: { type: string; contentType?: string | undefined; content?: readonly { type: string }[] | undefined };
}

/** An image comes back from the server as a file part with a picture's type. */
function sentImage(s: AttachmentScope): string | undefined {
  for (const part of s.attachment.content ?? []) {
    if (part.type === 'image' && 'image' in part && typeof part.image === 'string') return part.image;
    if (part.type === 'file' && 'data' in part && typeof part.data === 'string' && s.attachment.contentType?.startsWith('image/')) return part.data;
  }
  return undefined;
}

function AttachmentImage({ src, className }: { src: string; className: string }) {
  const name = useAuiState((s) => s.attachment.name);
  return <img src={src} alt={name} className={className} />;
}

function Thumb() {
  const file = useAuiState((s) => s.attachment.file);
  const sent = useAuiState(sentImage);
  const src = useObjectUrl(file?.type.startsWith('image/') ? file : undefined) ?? sent;
  return src ? (
    <AttachmentImage src={src} className="size-9 flex-none rounded-lg object-cover" />
  ) : (
    <FileText size={16} className="m-2 flex-none text-dim" />
  );
}

function useObjectUrl(file: File | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!file) return;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}
