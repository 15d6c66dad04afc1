import type { StoredBlob } from '../../adapters/blobs/contents.ts';
import type { Blobs } from '../../adapters/blobs/port.ts';
import type { DocumentStore } from '../../adapters/document-store/port.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { OpenVault } from '../../adapters/key-vault/vault-content.ts';
import type { Shard } from '../../workers/shard.ts';

interface Side {
  /** For sentences: without a password. */
  readonly name: string;
  /** As it is stored: nothing is upcast. */
  readonly store: EventStore;
  /** Checkpoints of reactions. */
  readonly state: DocumentStore;
  readonly views: DocumentStore;
  /** The parts in which reactions deal with the log here. */
  readonly shards: readonly Shard[];
  contents(): AsyncIterable<StoredBlob>;
  close(): Promise<void>;
}

/** An installation that nobody uses meanwhile; what moves is only read. */
export interface Source extends Side {
  readonly vault: OpenVault;
  /** Absent where it was lost. */
  readonly secret: Buffer | undefined;
  /** Looks for damage in the log, a sentence for each; absent where the store keeps nothing that would show it. */
  damage?(onProgress: (done: number, total: number) => void): Promise<readonly string[]>;
}

export interface Target extends Side {
  /** How many appends may be under way at once, their order being that of the log all the same. */
  readonly window: number;
  readonly blobs: Blobs;
  /** False when it has another one already, which stays. Throws `WrongMasterKey` when its vault was made with another master key. */
  putSecret(secret: Buffer): Promise<boolean>;
  /** From here on, until `finish`, it refuses to be started. */
  begin(): Promise<void>;
  /** Under the target's own master key. */
  writeVault(content: OpenVault): Promise<void>;
  readVault(): Promise<OpenVault>;
  /** Everything is there and the same: it may be started. Closes it. */
  finish(): Promise<void>;
}
