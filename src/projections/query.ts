import type { z } from 'zod';
import type { Filter, FindOptions, FindResult, StoredDocument } from '../adapters/document-store/port.ts';
import type { EventStore, Position } from '../adapters/event-store/port.ts';
import type { Evidence } from '../adapters/evidence/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { Conversation } from '../domain/conversation/index.ts';
import type { DomainError } from '../domain/decider.ts';
import type { JsonObject } from '../domain/event.ts';
import type { StoredFile } from '../domain/file.ts';
import type { Tag } from '../domain/mcp/names.ts';
import type { RunItem } from '../domain/message.ts';
import type { Need } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';
import type { PrivacySettings } from '../domain/privacy.ts';
import type { Shares } from '../domain/share.ts';
import type { ViewStatus } from './projector.ts';
import type { View } from './view.ts';

/** The views as a query reads them. */
export interface Views {
  get<Doc extends JsonObject>(view: View<Doc>, id: string): Promise<StoredDocument<Doc> | undefined>;
  getMany<Doc extends JsonObject>(view: View<Doc>, ids: readonly string[]): Promise<ReadonlyMap<string, StoredDocument<Doc>>>;
  find<Doc extends JsonObject>(view: View<Doc>, filter: Filter, options?: FindOptions): Promise<FindResult<Doc>>;
}

export interface QueryContext {
  readonly principal: Principal;
  readonly views: Views;
  /** The conversation as the log has it now, if it is the principal's, or shared with it. Reading another's is recorded, but what is only `listed`: that the list says. */
  readonly conversation: (id: string, as?: 'listed') => Promise<Conversation | undefined>;
  /** The file as the log has it now, if the principal may see it. */
  readonly file: (id: string, as?: 'listed') => Promise<StoredFile | undefined>;
  /** Whose the loaded thing is, claims of anonymous persons resolved. */
  readonly ownerOf: (state: { readonly owner?: string }) => Promise<string | undefined>;
  /** With whom a thing is shared whose shares stand beside it. */
  readonly shares: (id: string) => Promise<Shares>;
  readonly events: EventStore['read'];
  /** What the live log holds of a run, opened; nothing that came before a takeover. */
  readonly live: (runId: string) => Promise<readonly RunItem[]>;
  /** Says whose data the answer shows, so that reading another's is recorded. */
  readonly shows: (owners: readonly string[], target: string) => void;
  readonly open: Sealer['open'];
  /** Opens every sealed value inside. */
  readonly openDeep: Sealer['openDeep'];
  readonly status: () => readonly ViewStatus[];
  /** Where heads of the log are signed. */
  readonly evidence: Evidence | undefined;
  /** What the settings say of privacy. */
  readonly privacy: PrivacySettings;
  readonly now: () => Date;
  /** What sealed names of servers and their tools are recognised by. */
  readonly tag: Tag;
  /** A name that leads to nobody, the same for the same text within one purpose. */
  readonly pseudonym: (purpose: string, text: string) => string;
  /** Which of these persons object to figures being made of their data. */
  readonly objecting: (persons: readonly string[]) => Promise<ReadonlySet<string>>;
}

export type QueryPolicy<Input> = (request: {
  principal: Principal;
  input: Input;
  needs?: Need | 'self' | undefined;
}) => 'allow' | 'notFound' | DomainError;

export interface QueryDefinition<Input = unknown, Data = unknown> {
  /** Makes the query's value, ready for `ask`; the input is parsed there. */
  (input: Input): QueryValue<Data>;
  readonly queryName: string;
  readonly input: z.ZodType<Input>;
  readonly policy: QueryPolicy<Input>;
  /** The permission that the policy asks for; `self`: none, for it is about oneself. Without one only roles with every right to their own may ask it. */
  readonly needs?: Need | 'self';
  /** What it reads, and so what `after` waits for. */
  readonly views: readonly View[];
  /** `undefined` answers `NotFound`. */
  readonly run: (input: Input, context: QueryContext) => Promise<Data | undefined>;
}

export interface QueryValue<Data> {
  readonly definition: AnyQuery;
  readonly input: unknown;
  readonly __data?: Data;
}

// biome-ignore lint/suspicious/noExplicitAny: definitions of every input pass through `ask` and the doors
export type AnyQuery = QueryDefinition<any, any>;

export interface AskOptions {
  /** Wait until the views have seen this position, so that one's own write is in the answer. */
  readonly after?: Position;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Of what is recorded of it: that it was refused, or showed another's data. */
  readonly correlationId?: string;
}

export type Asked<Data> =
  | { readonly ok: true; readonly data: Data; readonly position: Position }
  | { readonly ok: false; readonly error: DomainError };
export type Ask = <Data>(principal: Principal, query: QueryValue<Data>, options?: AskOptions) => Promise<Asked<Data>>;

/** Declares a query: what it takes, who may, which views it reads. */
export function query<Input, Data>(name: string, declaration: Omit<QueryDefinition<Input, Data>, 'queryName'>): QueryDefinition<Input, Data> {
  const definition = (input: Input): QueryValue<Data> => ({ definition: made, input });
  const made: QueryDefinition<Input, Data> = Object.assign(definition, { queryName: name, ...declaration });
  return made;
}
