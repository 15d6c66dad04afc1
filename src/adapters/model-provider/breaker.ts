export interface BreakerLimits {
  /** That many failures … */
  readonly failures: number;
  /** … among that many last calls … */
  readonly calls: number;
  /** … of that many last milliseconds open the circuit, */
  readonly windowMs: number;
  /** for that many milliseconds; then one call is let through to try. */
  readonly openMs: number;
}

/** Leave for one call. The first report counts, later ones and those of an earlier circuit do not. `released` says that the call showed nothing. */
export interface Permit {
  succeeded(): void;
  failed(): void;
  released(): void;
}

export interface Breaker {
  /** A permit, or the milliseconds after which it may be asked for again. */
  enter(): Permit | { readonly retryAfter: number };
  /** A call that had succeeded broke off afterwards. */
  brokeOff(): void;
}

/** A circuit breaker for one (provider, model, key). `now` is in milliseconds and never goes back. */
export function createBreaker(limits: BreakerLimits, now: () => number): Breaker {
  let results: { readonly at: number; readonly failed: boolean }[] = [];
  let openedAt: number | undefined;
  let probing = false;
  let circuit = 0;

  const open = () => {
    openedAt = now();
    probing = false;
    results = [];
    circuit += 1;
  };
  const close = () => {
    openedAt = undefined;
    probing = false;
    circuit += 1;
  };
  const record = (failed: boolean) => {
    const at = now();
    results = [...results, { at, failed }].filter((result) => at - result.at < limits.windowMs).slice(-limits.calls);
    if (results.filter((result) => result.failed).length >= limits.failures) open();
  };
  const permit = (probe: boolean): Permit => {
    const mine = circuit;
    let reported = false;
    const once = (report: () => void) => () => {
      if (reported || mine !== circuit) return;
      reported = true;
      report();
    };
    return {
      succeeded: once(() => (probe ? close() : record(false))),
      failed: once(() => (probe ? open() : record(true))),
      released: once(() => {
        if (probe) probing = false;
      }),
    };
  };

  return {
    enter() {
      if (openedAt === undefined) return permit(false);
      const rest = openedAt + limits.openMs - now();
      if (rest > 0) return { retryAfter: rest };
      if (probing) return { retryAfter: limits.openMs };
      probing = true;
      return permit(true);
    },
    brokeOff() {
      if (openedAt === undefined) record(true);
    },
  };
}
