import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { RecordedEvent } from '../../domain/event.ts';

/** An event as stored: `data` and `metadata` are RFC 8785 texts, the rest plain values. */
export interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly stream: string;
  readonly revision: number;
  readonly data: string;
  readonly metadata: string;
}

/** RFC 8785 form of `{ data, id, metadata, revision, stream, type, version }`; its members stand in canonical order already, so joining the texts is enough. */
export const leafText = ({ data, id, metadata, revision, stream, type, version }: StoredEvent): string =>
  `{"data":${data},"id":${JSON.stringify(id)},"metadata":${metadata},"revision":${revision},"stream":${JSON.stringify(stream)},"type":${JSON.stringify(type)},"version":${version}}`;

/** SHA-256 of the event in RFC 8785 form: 32 bytes. */
export const leafOf = (event: StoredEvent): Buffer => hash('sha256', leafText(event), 'buffer');

/** An event as it is stored; one that was upcast on its way is another. */
export const storedEvent = ({ id, type, version, stream, revision, data, metadata }: RecordedEvent): StoredEvent => ({
  id,
  type,
  version,
  stream,
  revision: Number(revision),
  data: canonicalize(data) ?? '',
  metadata: canonicalize(metadata) ?? '',
});
