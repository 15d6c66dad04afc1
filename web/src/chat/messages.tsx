import { useAISDKChat } from '@assistant-ui/ai-sdk';
import {
  ActionBarPrimitive,
  type AssistantState,
  BranchPickerPrimitive,
  ComposerPrimitive,
  MessagePrimitive,
  useAui,
  useAuiState,
} from '@assistant-ui/react';
import { Check, ChevronLeft, ChevronRight, Copy, Pencil, RefreshCw, RotateCcw, ThumbsDown, ThumbsUp } from 'lucide-react';
import { annals } from '../annals.ts';
import { toast } from '../ui/toasts.tsx';
import { ComposerAttachments, MessageAttachments } from './attachments.tsx';
import { Markdown } from './markdown.tsx';
import { FilePart, ImagePart, Reasoning, ReasoningGroup, Sources } from './parts.tsx';
import { ToolCall } from './tool-call.tsx';

const assistantParts = { Text: Markdown, Reasoning, ReasoningGroup, Image: ImagePart, File: FilePart, tools: { Fallback: ToolCall }, Empty: Waiting };
const userParts = { Text: PlainText };

export function UserMessage() {
  return (
    <MessagePrimitive.Root className="group rise mt-8 flex flex-col items-end first:mt-0" data-role="user">
      <MessageAttachments />
      <div className="max-w-[85%] rounded-[1.15rem] rounded-br-md bg-wash px-4 py-2.5 empty:hidden">
        <MessagePrimitive.Parts components={userParts} />
      </div>
      <div className="mt-1 flex h-8 items-center gap-1">
        <ActionBarPrimitive.Root hideWhenRunning className="flex transition-opacity focus-within:opacity-100 group-hover:opacity-100 md:opacity-0">
          <ActionBarPrimitive.Edit className="icon-button size-8" aria-label="Edit" title="Edit">
            <Pencil size={15} />
          </ActionBarPrimitive.Edit>
          <CopyMessage />
        </ActionBarPrimitive.Root>
        <BranchPicker />
      </div>
    </MessagePrimitive.Root>
  );
}

export function EditComposer() {
  return (
    <ComposerPrimitive.Root className="rise mt-8 mb-6 rounded-[1.15rem] border border-line bg-leaf p-3 first:mt-0">
      <ComposerAttachments />
      <ComposerPrimitive.Input aria-label="Edit the message" autoFocus className="w-full resize-none bg-transparent px-1 outline-none" />
      <p className="px-1 pt-1 text-dim text-xs">The earlier version stays, as a branch.</p>
      <div className="mt-2 flex justify-end gap-2">
        <ComposerPrimitive.Cancel className="pill pill-line">Cancel</ComposerPrimitive.Cancel>
        <ComposerPrimitive.Send className="pill pill-solid">Send</ComposerPrimitive.Send>
      </div>
    </ComposerPrimitive.Root>
  );
}

export function AssistantMessage() {
  const hasParts = useAuiState((s) => s.message.parts.length > 0);
  return (
    <MessagePrimitive.Root className="group mt-1 first:mt-0" data-role="assistant">
      <MessagePrimitive.Parts components={assistantParts} />
      <Sources />
      <Failure />
      <Stopped />
      <div className="mt-2 -ml-2 flex h-8 items-center gap-1">
        {hasParts && <BranchPicker />}
        <ActionBarPrimitive.Root hideWhenRunning className="flex items-center has-[button[aria-label=Copy]:disabled]:hidden">
          <CopyMessage />
          <ActionBarPrimitive.Reload className="icon-button size-8" aria-label="Answer again" title="Answer again">
            <RefreshCw size={15} />
          </ActionBarPrimitive.Reload>
          <ActionBarPrimitive.FeedbackPositive
            className="icon-button size-8 data-[submitted=true]:text-verdigris"
            aria-label="Good answer"
            title="Good answer"
          >
            <ThumbsUp size={15} />
          </ActionBarPrimitive.FeedbackPositive>
          <ActionBarPrimitive.FeedbackNegative
            className="icon-button size-8 data-[submitted=true]:text-rubric"
            aria-label="Bad answer"
            title="Bad answer"
          >
            <ThumbsDown size={15} />
          </ActionBarPrimitive.FeedbackNegative>
          <ModelName />
        </ActionBarPrimitive.Root>
      </div>
    </MessagePrimitive.Root>
  );
}

function PlainText({ text }: { text: string }) {
  return <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</p>;
}

function Waiting() {
  const running = useAuiState((s) => s.message.status?.type === 'running');
  return running ? <p role="status" aria-label="Writing" className="caret py-1" /> : null;
}

const CopyMessage = () => (
  <ActionBarPrimitive.Copy className="icon-button group/copy size-8" aria-label="Copy" title="Copy">
    <Copy size={15} className="group-data-[copied]/copy:hidden" />
    <Check size={15} className="hidden group-data-[copied]/copy:block" />
  </ActionBarPrimitive.Copy>
);

const BranchPicker = () => (
  <BranchPickerPrimitive.Root hideWhenSingleBranch className="flex items-center text-dim text-xs tabular-nums">
    <BranchPickerPrimitive.Previous className="icon-button h-8 w-6" aria-label="Earlier version">
      <ChevronLeft size={15} />
    </BranchPickerPrimitive.Previous>
    <span data-testid="branch">
      <BranchPickerPrimitive.Number /> / <BranchPickerPrimitive.Count />
    </span>
    <BranchPickerPrimitive.Next className="icon-button h-8 w-6" aria-label="Later version">
      <ChevronRight size={15} />
    </BranchPickerPrimitive.Next>
  </BranchPickerPrimitive.Root>
);

function ModelName() {
  const model = useAuiState((s) => s.message.metadata.custom['modelId']);
  return typeof model === 'string' ? (
    <span className="ml-2 text-dim text-xs opacity-0 transition-opacity group-hover:opacity-100">{model}</span>
  ) : null;
}

/** A reply whose connection broke is still being written, or was finished meanwhile: it is fetched, and asked for anew only when it really failed. */
function useRetry(): () => Promise<void> {
  const aui = useAui();
  const chat = useAISDKChat();
  return async () => {
    const { id, remoteId } = aui.threadListItem.getState();
    const streamId = annals.resumable.getStreamId(id);
    if (!streamId || !remoteId) return aui.message.reload();
    try {
      const thread = await annals.cloud.threads.get(remoteId);
      if (activeStreamOf(thread.metadata) === streamId) return await chat?.resumeStream();
      annals.resumable.forget(streamId);
      await aui.threads.reloadMainThread();
    } catch {
      toast('The server cannot be reached yet.');
    }
  };
}

const activeStreamOf = (metadata: unknown) =>
  typeof metadata === 'object' && metadata !== null && 'activeStreamId' in metadata ? metadata.activeStreamId : undefined;

/** How an answer that did not come to its end is told after a reload, when the message itself is all there is. */
const endings: Record<string, string> = {
  failed: 'The answer could not be finished.',
  interrupted: 'The answer was interrupted.',
  expired: 'The answer took too long and was given up.',
};

function Failure() {
  const retry = useRetry();
  const text = useAuiState(failureText);
  if (text === undefined) return null;
  return (
    <div role="alert" className="mt-3 flex flex-wrap items-center gap-3 rounded-2xl border border-rubric/35 bg-rubric/6 py-2.5 pr-2.5 pl-4 text-sm">
      <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">{text}</p>
      <button type="button" className="pill pill-line flex items-center gap-2" onClick={() => void retry()}>
        <RotateCcw size={14} /> Try again
      </button>
    </div>
  );
}

function failureText({ message }: AssistantState): string | undefined {
  const { status, isLast, metadata } = message;
  if (status?.type === 'incomplete' && status.reason === 'error') return spokenError(status.error);
  return isLast && status?.type !== 'running' ? endings[String(metadata.custom['outcome'])] : undefined;
}

function spokenError(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string') return error.message;
  return 'Something went wrong.';
}

function Stopped() {
  const stopped = useAuiState(
    ({ message: { status, metadata } }) =>
      (status?.type === 'incomplete' && status.reason === 'cancelled') || (status?.type !== 'running' && metadata.custom['outcome'] === 'cancelled'),
  );
  return stopped ? <p className="mt-2 text-dim text-sm italic">Stopped here.</p> : null;
}
