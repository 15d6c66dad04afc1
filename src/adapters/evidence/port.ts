import { z } from 'zod';
import type { StoredEvent } from '../event-store/leaf.ts';
import type { Position } from '../event-store/port.ts';

/** What the log was at a time: the root of the RFC 6962 tree over the leaves of its first `size` events. */
export const Head = z.strictObject({
  size: z.number().int().positive(),
  /** Hex of 32 bytes. */
  rootHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** When it was signed, ISO 8601. */
  time: z.iso.datetime({ precision: 3 }),
  /** Which installation signed it. */
  installation: z.string().min(1),
});
export type Head = z.infer<typeof Head>;

/** `signature` is base64 of the Ed25519 signature over the text that `headText` makes of the rest. */
export const SignedHead = Head.extend({ signature: z.base64() });
export type SignedHead = z.infer<typeof SignedHead>;

export interface LeafBatch {
  /** One for each event, 32 bytes, in the order of the log. */
  readonly leaves: readonly Buffer[];
  readonly seen: Position;
}

/** The log as its tree sees it. */
export interface Leaves {
  /** Everything after the position that is stored by now, or less when the signal ends it. */
  after(position: Position, signal?: AbortSignal): AsyncIterable<LeafBatch>;
  /** An event as stored, and how many stand before it in the log. */
  find(stream: string, revision: number): Promise<{ readonly index: number; readonly event: StoredEvent } | undefined>;
}

export interface InclusionProof {
  readonly event: StoredEvent;
  /** Hex: SHA-256 of the event in RFC 8785 form, which is the entry of the tree. */
  readonly leaf: string;
  readonly index: number;
  /** Hex, from the leaf upwards. */
  readonly path: readonly string[];
  /** The head up to whose root the path leads. */
  readonly head: SignedHead;
}

export interface HeadsPage {
  /** The latest first. */
  readonly heads: readonly SignedHead[];
  readonly next?: string;
}

/** What proves to others that the log is what it was. */
export interface Evidence {
  /** Base64 of the 32 bytes of the Ed25519 key that the heads are signed with. */
  readonly publicKey: string;
  readonly installation: string;
  heads(page: { readonly limit: number; readonly after?: string }): Promise<HeadsPage>;
  /** Why no more heads are signed; undefined when all is well. */
  problem(): Promise<string | undefined>;
  /** Under the head of that size, else the latest. `NoHead`: there is none (of that size), or the event came after it. */
  include(event: { readonly stream: string; readonly revision: number; readonly size?: number }): Promise<InclusionProof | 'NoEvent' | 'NoHead'>;
  /** Hex; `NoHead` unless there are heads of both sizes. */
  consistency(from: number, to: number): Promise<{ readonly from: SignedHead; readonly to: SignedHead; readonly path: readonly string[] } | 'NoHead'>;
}
