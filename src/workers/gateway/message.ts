import type { BrokerMessage } from '../../adapters/broker/port.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import { eventDefinitions } from '../../domain/index.ts';
import type { Pseudonym } from './pseudonym.ts';
import { type PublicEventType, publicEventTypes } from './public-events.ts';

export interface Outlet {
  /** Before the category in a topic's name, and before the event's name in `ce_type`. */
  readonly prefix: string;
  /** `ce_source`: a URI reference that names this installation. */
  readonly source: string;
  readonly pseudonym: Pseudonym;
}

/** `newer`: written by a release that knows more than this one. */
export type Translated = { readonly kind: 'public'; readonly message: BrokerMessage } | { readonly kind: 'private' | 'newer' };

export const dataSchemaOf = ({ type, version }: Pick<PublicEventType, 'type' | 'version'>): string => `urn:annals:event:${type}:${version}`;
export const ceTypeOf = ({ type, version }: Pick<PublicEventType, 'type' | 'version'>): string => `annals.${type}.v${version}`;
export const topicOf = (prefix: string, category: string): string => `${prefix}${category}`;

/** Of these the part after the category is an id that we made ourselves. */
const namedByOwnIds: ReadonlySet<string> = new Set(['conversation', 'run', 'file', 'title']);

/** The stream's name as the outside knows it: whatever may name a person is under a pseudonym. */
export function publicStream(stream: string, pseudonym: Pseudonym): string {
  const dash = stream.indexOf('-');
  const category = stream.slice(0, dash);
  return namedByOwnIds.has(category) ? stream : `${category}-${pseudonym(stream.slice(dash + 1))}`;
}

const versions: ReadonlyMap<string, number> = new Map(eventDefinitions.map(({ type, version }) => [type, version]));

/** From an event to what leaves the house, as a CloudEvent 1.0 in binary mode. Pure. Throws what looking at the data of a rejected event throws. */
export function translator({ prefix, source, pseudonym }: Outlet): (event: RecordedEvent, epoch: string) => Translated {
  const known = new Map(
    publicEventTypes.map((each) => [
      each.type,
      { ...each, topic: topicOf(prefix, each.category), headers: { ce_type: ceTypeOf(each), ce_dataschema: dataSchemaOf(each) } },
    ]),
  );
  return (event, epoch) => {
    if (event.version > (versions.get(event.type) ?? -1)) return { kind: 'newer' };
    const type = known.get(event.type);
    if (!type) return { kind: 'private' };
    const key = publicStream(event.stream, pseudonym);
    const headers = {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_source: source,
      ...type.headers,
      ce_subject: key,
      ce_time: event.metadata.time,
      annals_revision: String(event.revision),
      annals_position: `${epoch}.${event.position}`,
    };
    return { kind: 'public', message: { topic: type.topic, key, headers, value: JSON.stringify(type.of(event, pseudonym)) } };
  };
}
