import type { Tell } from '../commands/command.ts';
import type { Refusals } from '../commands/refusals.ts';
import type { SecurityLog } from '../commands/security-log.ts';
import type { DomainError } from '../domain/decider.ts';
import type { PersonId } from '../domain/ids.ts';
import type { CatalogueEntry } from '../domain/mcp/catalogue.ts';
import type { McpStatus } from '../domain/mcp/status.ts';
import type { Principal } from '../domain/principal.ts';
import type { Follow } from '../projections/follow.ts';
import type { Progress } from '../projections/progress.ts';
import type { McpToolInfo } from '../projections/queries/mcp-tools.ts';
import type { Ask } from '../projections/query.ts';
import type { Accounts } from './accounts.ts';

/** Everything a dialect may use. It translates names, shapes and errors, and nothing else. */
export interface Annals {
  readonly tell: Tell;
  readonly ask: Ask;
  readonly follow: Follow;
  readonly progress: Progress;
  readonly refusals: Refusals;
  /** What those who watch over the installation have to know of; see `noteOf` for the part that a request gives. */
  readonly security: SecurityLog;
  /** Names the log's life: clients' positions are `<epoch>.<position>`. */
  readonly epoch: string;
  readonly uploads: Uploads;
  readonly exports: ExportFiles;
  readonly models: Catalogue;
  readonly accounts: Accounts;
  readonly prompts: PromptUses;
  readonly toolServers: ToolServers;
  /** Of this process, as Prometheus reads it. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** What goes on inside, for health pages. */
  readonly health: () => Promise<{ readonly ready: boolean; readonly problems: readonly string[] }>;
}

/** What goes on with servers of tools, whichever process has the connections. */
export interface ToolServers {
  statuses(serverIds: readonly string[]): Promise<readonly (McpStatus & { readonly process: string })[]>;
  readonly logins: ToolLogins;
  /** What may be added by its name. `problem`: why nothing of the operator's file can be. */
  readonly catalogue: () => Promise<{
    readonly entries: readonly { readonly entry: CatalogueEntry; readonly source: 'shipped' | 'operator' }[];
    readonly problem: string | null;
    /** Persons may add what is started by a command, where the entry lets them. */
    readonly personsStart: boolean;
  }>;
  /** The tools that Annals itself has, as they stand for this person; absent: there are none. */
  readonly builtIn?: (
    person: PersonId,
    place: { readonly model?: string | undefined; readonly conversation?: string | undefined },
  ) => Promise<readonly McpToolInfo[]>;
}

type Outcome<Value> = Promise<({ readonly ok: true } & Value) | { readonly ok: false; readonly error: DomainError }>;

/** Logins of persons at servers of tools; `base`: where Annals is reached, without a slash at the end. */
export interface ToolLogins {
  begin(principal: Principal, serverId: string, base: string): Outcome<{ readonly location: string }>;
  finish(
    principal: Principal,
    answer: { state: string; code?: string | undefined; iss?: string | undefined; error?: string | undefined },
  ): Outcome<{ readonly serverId: string }>;
  disconnect(principal: Principal, serverId: string): Outcome<{ readonly told: boolean }>;
}

/** Bytes of files: encrypted on the way in, opened on the way out. */
export interface Uploads {
  /** Encrypts and stores the bytes of a reserved file; the caller then tells `uploadFile` with what this answers. */
  put(request: { principalId: string; fileId: string; bytes: Uint8Array; mediaType: string }): Promise<{ blobId: string; key: string }>;
  get(file: { blobId: string; key: string }): Promise<Uint8Array | undefined>;
}

/** Files of exports, opened part by part. */
export interface ExportFiles {
  read(file: { readonly jobId: string; readonly key: string; readonly parts: number }): AsyncIterable<Uint8Array>;
}

/** Uses of prompts outside of chats, which no other event tells of. */
export interface PromptUses {
  used(promptId: string): Promise<void>;
}

export interface Catalogue {
  /** For a person also what its own keys and those of the organisation open. */
  list(person?: PersonId): Promise<readonly { readonly id: string; readonly provider: string; readonly name: string; readonly local?: boolean }[]>;
  defaultModel(): Promise<string>;
}
