import type { Json, JsonObject } from '../../domain/event.ts';

/** Tokens of one call as the provider reports them. `estimated` when it reported none and we counted. An absent figure is unknown, a zero is zero. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Part of the input that came from the provider's cache. */
  readonly cachedInputTokens?: number;
  /** Part of the output that was reasoning. */
  readonly reasoningTokens?: number;
  readonly estimated?: boolean;
}

export type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  /** Bytes are base64 without a prefix. */
  | { readonly type: 'file'; readonly mediaType: string; readonly base64: string; readonly filename?: string };

export type ModelMessage =
  | { readonly role: 'user'; readonly content: readonly ContentPart[] }
  | {
      readonly role: 'assistant';
      readonly content: readonly (
        | ContentPart
        | { readonly type: 'tool-call'; readonly toolCallId: string; readonly toolName: string; readonly input: Json }
      )[];
    }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly toolName: string; readonly output: Json; readonly isError?: boolean };

export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the input, an object. */
  readonly parameters: JsonObject;
}

export interface ModelRequest {
  /** The provider's own name of the model, without our `provider/` in front. */
  readonly model: string;
  readonly system?: string;
  readonly messages: readonly ModelMessage[];
  readonly tools?: readonly ToolDefinition[];
  readonly settings?: { readonly temperature?: number; readonly maxOutputTokens?: number; readonly topP?: number };
  /** Whose key is used instead of the installation's own; see `Access`. */
  readonly access?: Access;
  readonly signal: AbortSignal;
}

/**
 * A key, and where it goes. With it nothing of the installation's own credentials is sent; without `baseURL` it goes where the installation finds this
 * provider.
 */
export interface Access {
  /** Keeps what fails with this key from being held against others; no secret. */
  readonly name: string;
  /** Empty for a server that needs none. */
  readonly apiKey: string;
  readonly baseURL?: string;
  /** The address is a person's own: it must not lead into a private network. */
  readonly publicOnly?: boolean;
}

export type FinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';

/** A tool call's input may come in pieces (`tool-input`), and comes whole once (`tool-call`; `input` is `undefined` when it was no JSON). */
export type ModelChunk =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'tool-input'; readonly toolCallId: string; readonly toolName: string; readonly delta: string }
  | {
      readonly type: 'tool-call';
      readonly toolCallId: string;
      readonly toolName: string;
      readonly input: Json | undefined;
      readonly inputText: string;
    }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'finish'; readonly reason: FinishReason /** The model that answered, where the provider says. */; readonly model?: string };

export interface ModelInfo {
  /** `provider/model`, what a person chooses. */
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  /** Found on a local port: offered, used only once the person has chosen it. */
  readonly local?: boolean;
}

/** Why a call failed, in terms that do not depend on the provider. `message` is safe to show: no key, no header is in it. */
export type ModelErrorCode =
  | 'Unauthorized'
  | 'RateLimited'
  | 'BadRequest'
  | 'NotFound'
  | 'ContentPolicy'
  | 'Unavailable'
  | 'Timeout'
  | 'Interrupted'
  | 'CircuitOpen'
  | 'Aborted';

export class ModelError extends Error {
  readonly code: ModelErrorCode;
  /** May be called again, as long as nothing was shown. */
  readonly retryable: boolean;
  /** Milliseconds the provider asks to wait, of its `Retry-After`. */
  readonly retryAfter?: number;
  /** The provider's own words, which may repeat what it was sent: for the person alone, never for the log in the clear. */
  readonly said?: string;
  constructor(
    code: ModelErrorCode,
    message: string,
    options: { retryable?: boolean; retryAfter?: number; said?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ModelError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
    if (options.said !== undefined) this.said = options.said;
  }
}

/**
 * One way to models. `stream` yields usage at most once and `finish` last; it throws `ModelError` and nothing else, and ends the call within 500 ms of the signal.
 */
export interface ModelProvider {
  readonly name: string;
  models(access?: Access): Promise<readonly ModelInfo[]>;
  stream(request: ModelRequest): AsyncIterable<ModelChunk>;
}

/** All providers of this installation behind one name space: `provider/model`. */
export interface Models {
  list(): Promise<readonly ModelInfo[]>;
  /** What a provider offers to whoever brings this key. Throws `ModelError`. */
  listWith(provider: string, access: Access): Promise<readonly ModelInfo[]>;
  /** What is used when nobody chose. */
  defaultModel(): Promise<string>;
  /** `model` is `provider/model`. Deadlines, retries before the first byte and the circuit breaker are applied here; `onAttempt` hears each attempt before it is made. */
  stream(model: string, request: Omit<ModelRequest, 'model'>, onAttempt?: (attempt: number) => void): AsyncIterable<ModelChunk>;
}
