import { type ReactNode, useCallback, useEffect, useState } from 'react';

export interface Asked<Value> {
  readonly value: Value | undefined;
  readonly error: Error | undefined;
  /** Asks again; what is shown stays until the answer is there. */
  readonly reload: () => void;
}

/** What the server answers to `ask`, asked again whenever `ask` is another function: keep it with `useCallback`, or outside. */
export function useAsked<Value>(ask: () => Promise<Value>): Asked<Value> {
  const [found, setFound] = useState<{ value?: Value; error?: Error }>({});
  const [turn, setTurn] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn asks again
  useEffect(() => {
    let current = true;
    ask().then(
      (value) => current && setFound({ value }),
      (error: unknown) => current && setFound(({ value }) => ({ ...(value === undefined ? {} : { value }), error: error as Error })),
    );
    return () => {
      current = false;
    };
  }, [ask, turn]);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  return { value: found.value, error: found.error, reload };
}

/** Shows what was asked for, or that it is on its way, or why it is not. */
export function Shown<Value>({ asked, children }: { asked: Asked<Value>; children: (value: Value) => ReactNode }) {
  const { value, error, reload } = asked;
  return (
    <>
      {error && (
        <div role="alert" className="my-4 rounded-xl border border-line bg-leaf px-4 py-3 text-sm">
          <p>{error.message}</p>
          <button type="button" className="pill pill-line mt-2" onClick={reload}>
            Try again
          </button>
        </div>
      )}
      {value === undefined && !error && <p className="py-8 text-dim text-sm">One moment…</p>}
      {value !== undefined && children(value)}
    </>
  );
}
