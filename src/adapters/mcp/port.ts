import type { Json, JsonObject } from '../../domain/event.ts';
import type { Question } from '../../domain/mcp/question.ts';

/**
 * What is connected to. A command is run without a shell, in an environment of these variables alone; headers go with every request, and the person's token
 * where each logs in for itself.
 */
export type McpTarget =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly cwd?: string;
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'http' | 'sse' | 'auto'; readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly tokens?: McpTokens };

export type McpErrorCode =
  /** The command could not be started, or ended before it answered. */
  | 'SpawnFailed'
  | 'Unreachable'
  /** Its address, or one it led to, is in a network that must not be reached from here. */
  | 'Blocked'
  | 'NeedsAuth'
  /** The person's access is good, but not for this. */
  | 'ScopeTooNarrow'
  | 'Forbidden'
  | 'Timeout'
  | 'Cancelled'
  /** The connection is gone, or the server knows it no more: a new one can be made. */
  | 'Closed'
  /** What came is no MCP, or not what was asked for. */
  | 'BadAnswer'
  /** The server refused: an unknown tool, bad arguments. */
  | 'Refused'
  | 'TooLarge'
  /** As many connections as may be are in use. */
  | 'Busy';

/** `message` is one sentence that is safe to show: no header, no variable is in it. `sent`: the server may have acted on it. */
export interface McpError {
  readonly code: McpErrorCode;
  readonly message: string;
  readonly sent: boolean;
  /** Which permissions it wants, where they are too few; as the server says it. */
  readonly scope?: string;
}
export type McpResult<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: McpError };

export type McpEra = 'legacy' | 'modern';
/** How a server was spoken to before: taken up again without asking anew. Dated by whoever keeps it, because an old verdict goes on being true to the letter. */
export interface McpPrior {
  readonly era: McpEra;
  readonly discover?: JsonObject;
}

/** What became known at the connect. */
export interface McpFacts {
  readonly era: McpEra;
  /** A revision's date, `2025-11-25`. */
  readonly protocolVersion: string;
  readonly serverName: string;
  readonly serverVersion: string;
  readonly instructions: string | null;
  readonly capabilities: JsonObject;
  readonly prior: McpPrior;
  /** Of the child process. */
  readonly pid?: number;
}

/** A list entry as the server gave it, checked one by one. */
export interface McpLists {
  readonly tools: readonly JsonObject[];
  readonly prompts: readonly JsonObject[];
  readonly templates: readonly JsonObject[];
  /** Tools that cannot be offered, each with the reason; the others are there all the same. */
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}

export interface McpProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

export interface McpCall {
  readonly signal: AbortSignal;
  /** For the whole of it; progress does not prolong it. */
  readonly timeoutMs: number;
  readonly onProgress?: (progress: McpProgress) => void;
  /** The server asks somebody something in the midst of the call, which goes on with the reply; meanwhile its time stands still. */
  readonly onQuestion?: (question: Question) => Promise<McpReply>;
}

/** What somebody answers to a question. */
export interface McpReply {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: JsonObject;
}

/** Instead of a result: the call has ended, and is to be made anew with answers to these, and with `state`, by whatever connection. */
export interface McpInputRequired {
  readonly questions: readonly Question[];
  readonly state?: string;
}
/** With what a call is made anew. */
export interface McpAnswers {
  readonly replies: Readonly<Record<string, McpReply>>;
  readonly state?: string;
}

/** What a tool answered. A tool that failed says so itself. */
export interface McpToolResult {
  readonly content: readonly JsonObject[];
  readonly structuredContent?: Json;
  readonly isError: boolean;
}

export interface McpConnection {
  readonly facts: McpFacts;
  /** Resolves, with a sentence, when the connection has ended, whoever ended it. */
  readonly closed: Promise<string>;
  lists(call: McpCall): Promise<McpResult<McpLists>>;
  /** Whether it answers at all; those of the new era are not asked, for they have no such question. */
  ping(call: McpCall): Promise<McpResult<undefined>>;
  /** `definition` is the tool as it was listed. */
  callTool(definition: JsonObject, args: JsonObject, call: McpCall, answers?: McpAnswers): Promise<McpResult<McpToolResult | McpInputRequired>>;
  getPrompt(name: string, args: Readonly<Record<string, string>>, call: McpCall): Promise<McpResult<JsonObject>>;
  readResource(uri: string, call: McpCall): Promise<McpResult<JsonObject>>;
  /** Bytes that the child and its children hold; undefined where there is none or it cannot be found out. */
  memory(): number | undefined;
  /** Ends it and, of a child, the whole group of processes. Never rejects; resolves when nothing of it is left. */
  close(): Promise<void>;
}

export interface McpConnectOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly prior?: McpPrior;
  /** A list of the server's has changed, said once however often the server says it within a second. */
  readonly onChanged?: () => void;
}

export interface McpConnector {
  connect(target: McpTarget, options: McpConnectOptions): Promise<McpResult<McpConnection>>;
  readonly authorizer: McpAuthorizer;
}

/** A token of one person for one server. */
export interface McpToken {
  readonly token: string;
  /** Counts the tokens: another number is another token. */
  readonly generation: number;
}

/** Where a connection has its tokens from; asked before each request, so that one that is renewed elsewhere is used here too. */
export interface McpTokens {
  /** The newest; undefined: there is none, the person has to log in. */
  current(): Promise<McpToken | undefined>;
  /** The server did not take that one: a newer one, or undefined when there is none to be had. */
  renewed(generation: number): Promise<McpToken | undefined>;
}

export interface LoginRequest {
  readonly url: string;
  readonly transport: 'http' | 'sse' | 'auto';
  /** A client that is registered there already. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Empty: what the server asks for. */
  readonly scopes: readonly string[];
  /** What was too little before, besides. */
  readonly more?: string;
  readonly redirectUrl: string;
  /** Where authorization servers may read who we are, instead of a registration. */
  readonly clientMetadataUrl?: string;
  readonly state: string;
  readonly signal: AbortSignal;
}

/** What an authorization server gave. `grant` is all of it, for later. */
export interface FreshGrant {
  readonly grant: JsonObject;
  readonly issuer: string;
  readonly accessToken: string;
  readonly refreshable: boolean;
  /** Seconds from now. */
  readonly expiresIn?: number;
}

/** `Refused`: the authorization server said no, and will again. `message` is safe to show. */
export interface LoginError {
  readonly code: 'Refused' | 'WrongIssuer' | 'Unreachable' | 'Blocked' | 'BadAnswer';
  readonly message: string;
}
export type LoginResult<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: LoginError };

/** The tokens could not be renewed now, because nobody could be reached: they may be good again in a moment. */
export class NotRenewed extends Error {
  override readonly name = 'NotRenewed';
}

/** Logins of persons at servers of tools, by OAuth 2.1 as MCP has it: PKCE, the resource named, `iss` checked where it is sent. Nothing here rejects. */
export interface McpAuthorizer {
  /** Finds out where to log in; `pending` is what `finish` needs, and secret. */
  begin(request: LoginRequest): Promise<LoginResult<{ readonly location: string; readonly pending: JsonObject }>>;
  finish(pending: Json, answer: { readonly code: string; readonly iss?: string; readonly signal: AbortSignal }): Promise<LoginResult<FreshGrant>>;
  refresh(grant: Json, signal: AbortSignal): Promise<LoginResult<FreshGrant>>;
  /** Tells the authorization server that nobody needs them any more; whether it has heard it. */
  revoke(grant: Json, signal: AbortSignal): Promise<boolean>;
  /** What stands in a grant for whoever uses it: the token, and the address of the server that it belongs to. */
  tokenOf(grant: Json): Promise<{ readonly url: string; readonly accessToken: string }>;
}
