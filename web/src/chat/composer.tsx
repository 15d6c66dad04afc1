import { ComposerPrimitive, useAuiState } from '@assistant-ui/react';
import { ArrowUp, Plus, Square } from 'lucide-react';
import { ComposerAttachments } from './attachments.tsx';
import { ModelPicker } from './model-picker.tsx';
import { PromptMenu } from './prompt-menu.tsx';

export function Composer() {
  const isRunning = useAuiState((s) => s.thread.isRunning);
  return (
    <ComposerPrimitive.Root className="relative">
      <ComposerPrimitive.Unstable_TriggerPopoverRoot>
        <PromptMenu />
        <ComposerPrimitive.AttachmentDropzone className="rounded-[1.4rem] border border-line bg-leaf p-2.5 shadow-[0_6px_24px_-12px_rgb(0_0_0/0.18)] transition-colors focus-within:border-dim/60 data-[dragging=true]:border-rubric data-[dragging=true]:bg-rubric/5">
          <ComposerAttachments />
          <ComposerPrimitive.Input
            id="composer"
            aria-label="Message"
            placeholder="Write a message"
            autoFocus={matchMedia('(pointer: fine)').matches}
            cancelOnEscape={false}
            unstable_insertNewlineOnTouchEnter
            rows={1}
            className="max-h-[40dvh] w-full resize-none bg-transparent px-2 py-1.5 outline-none placeholder:text-dim"
          />
          <div className="mt-1 flex items-center gap-1">
            <ComposerPrimitive.AddAttachment className="icon-button size-9 rounded-full" aria-label="Attach files" title="Attach files">
              <Plus size={18} />
            </ComposerPrimitive.AddAttachment>
            <ModelPicker />
            <span className="flex-1" />
            {isRunning ? (
              <ComposerPrimitive.Cancel
                className="grid size-9 place-items-center rounded-full bg-ink text-paper hover:opacity-85"
                aria-label="Stop"
                title="Stop (Esc)"
              >
                <Square size={13} fill="currentColor" />
              </ComposerPrimitive.Cancel>
            ) : (
              <ComposerPrimitive.Send
                className="grid size-9 place-items-center rounded-full bg-rubric text-paper transition-opacity hover:opacity-85 disabled:bg-wash disabled:text-dim"
                aria-label="Send"
                title="Send (Enter)"
              >
                <ArrowUp size={18} />
              </ComposerPrimitive.Send>
            )}
          </div>
        </ComposerPrimitive.AttachmentDropzone>
      </ComposerPrimitive.Unstable_TriggerPopoverRoot>
    </ComposerPrimitive.Root>
  );
}
