import type { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { Proposed } from './record.ts';

export const MAX_APPEND_SIZE = 1024 * 1024;

const UUID_PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface ProposedMessage {
  getId(): UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}

export const nameOf = (identifier: StreamIdentifier | undefined): string => Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();

/** The proposed event, or nothing when its id is no UUID or its type is missing. */
export function parseProposal(message: ProposedMessage): Proposed | undefined {
  const id = message.getId()?.getString() ?? '';
  const type = message.getMetadataMap().get('type') ?? '';
  const contentType = message.getMetadataMap().get('content-type') ?? '';
  if (!UUID_PATTERN.test(id) || type === '' || contentType === '') return undefined;
  return { id: id.toLowerCase(), type, contentType, data: message.getData_asU8(), metadata: message.getCustomMetadata_asU8() };
}

/** In bytes, as the real server counts. */
export const sizeOf = (events: readonly Proposed[]): number =>
  events.reduce((sum, event) => sum + event.data.byteLength + event.metadata.byteLength + 2 * event.type.length, 0);
