export interface BrokerMessage {
  readonly topic: string;
  /** Messages of one key stay in order. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

export interface TopicSettings {
  readonly topic: string;
  readonly partitions: number;
  /** By the names that the broker gives them, e.g. `retention.ms`. How often it is replicated, and how many replicas acknowledge, follows from the brokers there are. */
  readonly config: Readonly<Record<string, string>>;
}

export type Published =
  | { readonly ok: true }
  /** Somebody newer publishes under this name, or it was silent in the middle of a batch for too long: this one never publishes again. */
  | { readonly ok: false; readonly code: 'Fenced'; readonly message: string }
  /** Whether readers see the batch is not known, and this one is used up: open another and publish the batch again. */
  | { readonly ok: false; readonly code: 'Lost'; readonly message: string }
  /** A message is longer than the broker takes: nothing was published. */
  | { readonly ok: false; readonly code: 'TooLarge'; readonly message: string };

export interface Publisher {
  /**
   * Readers see the whole batch, of each key in the order given and after what was published before, or nothing of it. Resolves with `ok` when every
   * replica in sync has it. One batch at a time; after the signal it answers within seconds. Throws only for bugs.
   */
  publish(messages: readonly BrokerMessage[], options: { readonly signal: AbortSignal }): Promise<Published>;
  close(): Promise<void>;
}

export interface Broker {
  /** Creates what is missing and leaves what is there as it is. Tries for ever, with growing pauses; `false` when the signal ended that. */
  ensureTopics(topics: readonly TopicSettings[], options: { readonly signal: AbortSignal }): Promise<boolean>;
  /**
   * From now on whoever published under this name before is fenced, and readers see nothing of a batch it had not finished. Tries for ever, with growing
   * pauses; `undefined` when the signal ended that.
   */
  open(name: string, options: { readonly signal: AbortSignal }): Promise<Publisher | undefined>;
  /** Why the broker does not do what it is asked, as long as it does not. */
  problem(): string | undefined;
  close(): Promise<void>;
}
