import type { ToolCallMessagePartProps } from '@assistant-ui/react';
import { Ban, Check, ChevronRight, CircleAlert, LoaderCircle, ShieldQuestion, Wrench } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { toast } from '../ui/toasts.tsx';

type Props = ToolCallMessagePartProps;

export function ToolCall(props: Props) {
  const { approval, result } = props;
  const isAsked = approval && approval.approved === undefined && !approval.resolution && result === undefined;
  return isAsked ? <Approval {...props} /> : <Call {...props} />;
}

const spoken = (toolName: string) => toolName.replaceAll(/[_-]+/g, ' ');

function Call({ toolName, args, result, isError, status, approval }: Props) {
  const state =
    approval?.approved === false
      ? 'denied'
      : approval?.resolution
        ? 'lapsed'
        : isError
          ? 'failed'
          : result !== undefined
            ? 'done'
            : status.type === 'running' || approval?.approved
              ? 'running'
              : 'open';
  return (
    <details className="group/call my-2 overflow-hidden rounded-2xl border border-line bg-leaf text-sm" data-state={state}>
      <summary className="flex select-none list-none items-center gap-2.5 px-3.5 py-2 hover:bg-wash [&::-webkit-details-marker]:hidden">
        {marks[state]}
        <span className="min-w-0 flex-1 truncate">
          <span className="inline-block first-letter:uppercase">{spoken(toolName)}</span>
          <span className="text-dim"> {words[state]}</span>
        </span>
        <ChevronRight size={14} className="text-dim transition-transform group-open/call:rotate-90" />
      </summary>
      <div className="space-y-3 border-line border-t px-3.5 py-3">
        <Value label="Asked for" value={args} />
        {result !== undefined && <Value label={isError ? 'What went wrong' : 'Answer'} value={result} />}
      </div>
    </details>
  );
}

const marks: Record<string, ReactNode> = {
  done: <Check size={15} className="text-verdigris" />,
  running: <LoaderCircle size={15} className="animate-spin text-dim" />,
  failed: <CircleAlert size={15} className="text-rubric" />,
  denied: <Ban size={15} className="text-rubric" />,
  lapsed: <Ban size={15} className="text-dim" />,
  open: <Wrench size={15} className="text-dim" />,
};
const words: Record<string, string> = {
  done: '',
  running: '– working',
  failed: '– failed',
  denied: '– not allowed',
  lapsed: '– no longer asked for',
  open: '',
};

function Approval({ toolName, args, approval, respondToApproval }: Props) {
  const [sent, setSent] = useState(false);
  const answer = async (approved: boolean) => {
    setSent(true);
    try {
      await respondToApproval({ approved });
    } catch {
      setSent(false);
      toast('The answer was not accepted. Please try again.');
    }
  };
  return (
    <section
      aria-label={`Permission to use ${spoken(toolName)}`}
      className="rise my-3 overflow-hidden rounded-2xl border border-ochre/50 bg-leaf text-sm"
    >
      <p className="flex items-center gap-2.5 bg-ochre/8 px-4 py-2.5">
        <ShieldQuestion size={17} className="flex-none text-ochre" />
        <span>
          May I use <strong className="font-semibold">{spoken(toolName)}</strong>?{' '}
          {approval?.prompt && <span className="text-dim">{approval.prompt}</span>}
        </span>
      </p>
      <dl className="max-h-72 space-y-1.5 overflow-y-auto px-4 py-3">
        {Object.entries(args).map(([name, value]) => (
          <div key={name} className="grid grid-cols-[minmax(4.5rem,auto)_1fr] gap-x-4">
            <dt className="text-dim">{name}</dt>
            <dd className="whitespace-pre-wrap [overflow-wrap:anywhere]">{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</dd>
          </div>
        ))}
      </dl>
      <div className="flex gap-2 px-4 pb-4">
        <button type="button" disabled={sent} className="pill pill-solid disabled:opacity-50" onClick={() => void answer(true)}>
          Allow once
        </button>
        <button type="button" disabled={sent} className="pill pill-line disabled:opacity-50" onClick={() => void answer(false)}>
          Deny
        </button>
      </div>
    </section>
  );
}

function Value({ label, value }: { label: string; value: unknown }) {
  return (
    <div>
      <p className="mb-1 text-dim text-xs">{label}</p>
      <pre className="max-h-72 overflow-auto whitespace-pre-wrap rounded-xl bg-shade px-3 py-2 font-mono text-[0.78rem] leading-relaxed [overflow-wrap:anywhere]">
        {typeof value === 'string' ? value : JSON.stringify(value, null, 2)}
      </pre>
    </div>
  );
}
