import { z } from 'zod';
import type { Principal } from '../../../src/domain/principal.ts';
import { usualRotation } from '../../../src/domain/provider-key.ts';
import { sampleOf } from './samples.ts';
import { OWNER, type Things } from './world.ts';

const parts = [{ type: 'text', text: 'hello' }];
const permission = { resource: 'conversation', action: 'view', condition: 'own' } as const;
const time = '2026-01-01T00:00:00.000Z';
const stood = {
  reaction: 'title',
  eventId: 'none',
  eventType: 'MessageSent',
  stream: 'conversation-thread_x',
  revision: '0',
  attempts: 1,
  reason: 'x',
};
/** What an input's field is where it names nothing of the owner's. */
const samples: Readonly<Record<string, unknown>> = {
  ...stood,
  title: 'x',
  metadata: {},
  lastMessageAt: time,
  parts,
  role: 'user',
  rating: 'positive',
  approved: true,
  result: 'output',
  outcome: 'completed',
  finishReason: 'stop',
  model: 'demo/demo',
  calls: [],
  epoch: 1,
  titled: false,
  filename: 'a.txt',
  blobId: 'blob_x',
  key: 'key_x',
  size: 1,
  mediaType: 'text/plain',
  scopes: [],
  roles: ['member'],
  via: 'administrator',
  profile: {},
  permission,
  permissions: [permission],
  description: '',
  level: 'view',
  to: null,
  day: '2026-01-01',
  reports: [{ kind: 'event', name: 'x', body: {} }],
  provider: 'openai',
  apiKey: 'sk-123456789012',
  rotation: usualRotation,
  count: 1,
  search: 'nobody',
  anonymous: 'person_anon_visitor',
};
const closed = { slug: 'sample', transport: 'http', address: { url: 'http://127.0.0.1:1/mcp' } };
/** What a command or query says differently from others. */
const inputs: Readonly<Record<string, (of: Things, principal: Principal) => object>> = {
  claimAnonymous: (_of, { id }) => ({ by: id }),
  changeRole: ({ role }) => ({ role }),
  removeRole: ({ role }) => ({ role }),
  registerPerson: () => ({ person: 'person_new' }),
  registerProviderKey: () => ({ scopes: {} }),
  recordProviderKeyUse: () => ({ owner: OWNER, from: time, to: time }),
  endTitleCall: () => ({ model: 'demo/demo' }),
  claimLocal: (_of, { id }) => ({ by: id }),
  requestJob: () => ({ kind: 'export' }),
  registerMcpServer: () => closed,
  addFromMcpCatalogue: () => ({ entry: 'sample-server' }),
  changeMcpServer: ({ serverId }) => ({ ...closed, serverId }),
  eraseAccessRecords: () => ({ stream: `access-${OWNER}-2026-01-01` }),
  closeSecurityDay: () => ({ day: '2026-01-01' }),
  eraseReports: () => ({ stream: `telemetry-${OWNER}-2026-01-01` }),
  completePromptArgument: () => ({ name: 'summarize', argument: 'x' }),
  expandPrompt: () => ({ name: 'summarize' }),
  usageFigures: () => ({ from: '2026-01-01', to: '2026-01-02' }),
  countConversations: () => ({ owner: OWNER }),
  listProviderKeys: () => ({ owner: 'self' }),
  auiRun: ({ conversationId, doneRun }) => ({ conversationId, runId: doneRun }),
  proveInclusion: () => ({ stream: 'a-1', revision: 0 }),
  proveConsistency: () => ({ from: 1, to: 2 }),
};

/** The input of a command or query: what it must say, from things of the owner's by the names of its fields, else a sample. */
export function inputOf(name: string, schema: z.ZodType, things: Things, principal: Principal): object {
  const shape = schema instanceof z.ZodObject ? schema.shape : {};
  const ofRun = 'runId' in shape && 'conversationId' in shape ? { conversationId: things.waiting, messageId: things.runMessage } : {};
  const known: Readonly<Record<string, unknown>> = { ...samples, ...without(things, 'role'), ...ofRun };
  const required = Object.entries(shape).filter(([, field]) => !(field as z.ZodType).safeParse(undefined).success);
  const said = inputs[name]?.(things, principal) ?? {};
  const fitting = (field: string, of: z.ZodType): unknown => (of.safeParse(known[field]).success ? known[field] : sampleOf(of));
  const open = required.filter(([field]) => !(field in said));
  const input = { ...Object.fromEntries(open.map(([field, of]) => [field, fitting(field, of as z.ZodType)])), ...said };
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new Error(`${name} needs a line in inputs: ${z.prettifyError(parsed.error)}`);
  return input;
}
const without = (all: Things, name: string): Things => Object.fromEntries(Object.entries(all).filter(([each]) => each !== name));
