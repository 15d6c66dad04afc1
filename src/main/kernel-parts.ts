import type { Blobs } from '../adapters/blobs/port.ts';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import type { ErasureList } from '../adapters/erasure-list/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Evidence } from '../adapters/evidence/port.ts';
import type { Blocked } from '../adapters/guarded-fetch/port.ts';
import type { KeyVault } from '../adapters/key-vault/port.ts';
import type { LiveLog } from '../adapters/live-log/port.ts';
import type { MailPost } from '../adapters/mail/port.ts';
import type { Models } from '../adapters/model-provider/port.ts';
import type { ReadPage } from '../adapters/page-reader/port.ts';
import type { PasswordHashes } from '../adapters/password-hash/port.ts';
import type { Annals } from '../api/annals.ts';
import type { KnownPersons } from '../api/http/identity/admission.ts';
import type { PrivacySettings } from '../domain/privacy.ts';
import type { Progress } from '../projections/progress.ts';
import type { BuiltInParts } from '../workers/built-in/index.ts';
import type { Duties } from '../workers/duties.ts';
import type { Gateway } from '../workers/gateway/index.ts';
import type { JobPlans } from '../workers/jobs/kind.ts';
import type { McpSetting } from '../workers/mcp/index.ts';
import type { ReactionStatus } from '../workers/reactor.ts';

export interface KernelParts {
  readonly store: EventStore;
  readonly documents: DocumentStore;
  /** Checkpoints of reactions, apart from the views. */
  readonly state: DocumentStore;
  readonly vault: KeyVault;
  readonly blobs: Blobs;
  readonly liveLog: LiveLog;
  readonly models: Models;
  readonly progress: Progress;
  readonly secret: Buffer;
  readonly now?: () => Date;
  readonly systemPrompt?: string | undefined;
  readonly approvalMs?: number;
  /** Commands that this installation does not want. */
  readonly switchedOff?: ReadonlySet<string>;
  /** Persons may have models called in this machine's own network. */
  readonly privateAddresses?: boolean;
  readonly log: (message: string) => void;
  readonly backoff?: (attempt: number) => number;
  /** Where public events go. */
  readonly gateway?: ((owns: () => boolean) => Gateway) | undefined;
  /** What this process needs beside itself, by name: each rejects when it is not there. */
  readonly needs?: Readonly<Record<string, () => Promise<unknown>>>;
  /** What proves the log to auditors, and what signs it again and again. */
  readonly heads?: { readonly evidence: Evidence; readonly everyMs: number; readonly sign: (signal: AbortSignal) => Promise<void> };
  readonly mcp: McpSetting;
  /** By what built-in tools reach the web. */
  readonly builtIn?: 'off' | (Pick<BuiltInParts, 'search'> & { readonly pages?: (onBlocked: (blocked: Blocked) => void) => ReadPage });
  /** How mails leave; default: not at all. */
  readonly post?: MailPost | undefined;
  /** Whoever registers with an e-mail address before anybody else administers the installation. */
  readonly firstAdministers?: boolean;
  /** How passwords are hashed. */
  readonly hashes?: PasswordHashes;
  /** Where links in mails lead to. */
  readonly publicUrl?: string | undefined;
  /** Which reactions and sweeps are this process's: all, where nobody says otherwise. */
  readonly duties?: Duties;
  readonly privacy?: PrivacySettings | undefined;
  /** Long work instead of what this release does, by kind. */
  readonly jobs?: JobPlans;
  /** Takes out of the files of the views what was removed from them. */
  readonly scrub?: (() => Promise<void>) | undefined;
  /** What has been erased, kept apart from the backups. */
  readonly erasures?: ErasureList;
}

export interface Kernel extends Annals {
  readonly loader: Loader;
  /** What is known of those who come. */
  readonly known: KnownPersons;
  reactions(): readonly ReactionStatus[];
  /** Starts reactions and sweeps; resolves once everything that a dead process left open has been taken over. */
  start(): Promise<void>;
  /** Reacts to nothing any more, so that other processes take it up, and is not ready from now on. */
  leave(): void;
  /** Lets streaming answers end for that long, then stops. */
  stop(drainMs: number): Promise<void>;
  /** Cuts short what `stop` waits for: streaming answers end as interrupted. */
  hurry(): void;
  /** Everything that is due: what a clock that tests drive has to call. */
  sweep(): Promise<void>;
}
