/** A server for tests: a process of its own with its data on disk, on a port of its own that it keeps over restarts. */
export interface TestServer {
  /** What it really is, with its version, for the last lines of a test run: never the name of what it stands in for. */
  readonly what: string;
  /** How its client names it. */
  readonly url: string;
  /** Where its data is. */
  readonly folder: string;
  /** Ends the process by this signal and waits for its end; `SIGSTOP` and `SIGCONT` are sent without waiting. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Starts the process again on the same data and port; resolves when it answers. */
  restart(): Promise<void>;
  /** Ends the process and removes its data. */
  close(): Promise<void>;
}

/** Starts one, or says in a sentence why it cannot be started here. */
export type StartTestServer = () => Promise<TestServer | { readonly unavailable: string }>;
