import { z } from 'zod';
import { listAudit, listHeads, proveConsistency, proveInclusion } from '../../projections/queries/audit.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, routes } from '../http/route.ts';

const tags = ['Audit'];
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const next = { next: z.string().optional().describe('The cursor of the next page; absent on the last one.') };

const Entry = z.object({
  eventId: z.string(),
  position: z.string(),
  time: z.string().meta({ format: 'date-time' }),
  actor: z.string().describe('Who did it.'),
  subject: z.string().describe('Whose data it is.'),
  action: z.string(),
  outcome: z.enum(['done', 'refused', 'read']),
  type: z.string().describe('Of the event.'),
  resource: z.string().describe('The stream of what it was done to; a run counts as its conversation.'),
  stream: z.string(),
  revision: z.string(),
  commandId: z.string(),
  correlationId: z.string(),
  causationId: z.string(),
  before: z.json().describe('What was there before, where the event says it in the clear.'),
  after: z.record(z.string(), z.json()).describe('What the event says in the clear; texts are left out.'),
});
const Head = z.object({
  size: z.int().describe('How many events the log had.'),
  rootHash: Hash.describe('Of the RFC 6962 tree over their leaves.'),
  time: z.string().meta({ format: 'date-time' }),
  installation: z.string(),
  signature: z.string().describe('Base64; Ed25519 over `annals head v1`, a line feed, and the RFC 8785 form of the rest.'),
});
const StoredEvent = z.object({
  id: z.string(),
  type: z.string(),
  version: z.int(),
  stream: z.string(),
  revision: z.int(),
  data: z.json(),
  metadata: z.json(),
});
const Heads = z.object({
  publicKey: z.string().describe('Base64 of the 32 bytes of the Ed25519 key.'),
  installation: z.string(),
  problem: z.string().nullable().describe('Why no more heads are signed.'),
  heads: z.array(Head),
  ...next,
});
const Inclusion = z.object({
  event: StoredEvent.describe('As it is stored: SHA-256 of its RFC 8785 form is the leaf.'),
  leaf: Hash.describe('The entry of the tree; its node is SHA-256 of a zero byte and the leaf.'),
  index: z.int(),
  path: z.array(Hash).describe('From the leaf upwards, as in RFC 6962, 2.1.1.'),
  head: Head,
});
const Consistency = z.object({ from: Head, to: Head, path: z.array(Hash).describe('As in RFC 6962, 2.1.2.') });

/** For auditors: who did what, and the proof that the log still says it. */
export const auditRoutes: readonly RouteDefinition[] = routes({
  'GET /api/audit': asks(listAudit, {
    summary: 'Who did what, was refused what, and read whose data, the latest first',
    tags,
    result: z.object({ entries: z.array(Entry), ...next }),
  }),
  'GET /api/audit/heads': asks(listHeads, {
    summary: 'The signed heads of the log, the latest first',
    description: 'Keep them elsewhere: `annals verify --heads` compares the log with them.',
    tags,
    result: Heads,
  }),
  'GET /api/audit/proof': asks(proveInclusion, { summary: 'The proof that an event is in the log of a head', tags, result: Inclusion }),
  'GET /api/audit/consistency': asks(proveConsistency, {
    summary: 'The proof that the log of a head begins with the log of an earlier one',
    tags,
    result: Consistency,
  }),
});
