import type { IncomingMessage } from 'node:http';
import { START } from '../../../src/adapters/event-store/port.ts';
import { assistantUiRoutes } from '../../../src/api/assistant-ui/index.ts';
import type { Doors } from '../../../src/api/http/doors.ts';
import { createIdentity } from '../../../src/api/http/identity/identify.ts';
import { createSessionKeys } from '../../../src/api/http/identity/session-keys.ts';
import { createTokens, newAnonymous } from '../../../src/api/http/identity/tokens.ts';
import { type LoginOptions, loginRoutes } from '../../../src/api/http/login/routes.ts';
import { mcpRoutes } from '../../../src/api/mcp/routes.ts';
import { pmmToolRoutes } from '../../../src/api/pmm/mcp-tools.ts';
import { exportAddressRoutes } from '../../../src/api/rest/archives.ts';
import { toolLoginRoutes } from '../../../src/api/rest/mcp-logins.ts';
import { apiKeyRoutes } from '../../../src/api/rini/api-keys.ts';
import { mcpConnectionRoutes } from '../../../src/api/rini/mcp-connections.ts';
import { userRoutes } from '../../../src/api/rini/users.ts';
import type { CommandValue } from '../../../src/commands/command.ts';
import { requestJob } from '../../../src/commands/job.ts';
import { changeRoles, createToken, disablePerson, registerPerson, revokeToken, signOutEverywhere } from '../../../src/commands/person.ts';
import { registerProviderKey } from '../../../src/commands/provider-key.ts';
import { defineRole, removeRole } from '../../../src/commands/role.ts';
import { endSession, startSession } from '../../../src/commands/session.ts';
import { annals } from '../../../src/commands/settle-active-run.ts';
import { shareConversation, shareFile, shareResource } from '../../../src/commands/share.ts';
import type { ConversationId, FileId, PersonId, RoleId } from '../../../src/domain/ids.ts';
import type { Permission } from '../../../src/domain/permission.ts';
import type { Principal, Role, RoleRef } from '../../../src/domain/principal.ts';
import { usualRotation } from '../../../src/domain/provider-key.ts';
import type { ShareLevel } from '../../../src/domain/share.ts';
import { getExport } from '../../../src/projections/queries/exports.ts';
import { askFor, runOf, settled } from '../../harness/chat.ts';
import { administrator } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';
import { type Visitor, visitors } from './rules.ts';

/** Who comes to the verbs only: what a route needs of a made role, its command or query says. */
export const onlyVerbs = ['reader', 'maker', 'supervisor'] as const;
export type Comer = Visitor | (typeof onlyVerbs)[number];

export const OWNER = 'person_owner' as PersonId;
const owner: Principal = { id: OWNER, kind: 'person', roles: ['member'] };

const noProviders: LoginOptions = {
  providers: [],
  secret: Buffer.alloc(32, 7),
  stateSecret: Buffer.alloc(32, 8),
  open: false,
  known: { ofIdentity: async () => undefined, standingOf: async () => ({ disabled: false, erased: false, revokedFrom: () => undefined }) },
};

/** The time of day: what is revoked or signed out is so by the same clock that tokens go by. */
const passing = {
  get now() {
    return new Date();
  },
};

const roleOf: Readonly<Partial<Record<Comer, Role>>> = {
  other: 'member',
  viewer: 'viewer',
  auditor: 'auditor',
  analyst: 'analyst',
  administrator: 'administrator',
  disabled: 'member',
  signedOut: 'member',
  sharedView: 'member',
  sharedEdit: 'member',
  sharedManage: 'member',
  viewerManages: 'viewer',
};
/** How far the owner's things are shared with whom. */
const sharedWith: Readonly<Partial<Record<Visitor, ShareLevel>>> = {
  sharedView: 'view',
  sharedEdit: 'edit',
  sharedManage: 'manage',
  viewerManages: 'manage',
};
const may = (resource: Permission['resource'], action: Permission['action'], condition: Permission['condition']): Permission => ({
  resource,
  action,
  condition,
});
/** Visitors who have nothing but a role that an administrator has made. */
export const madeRoles: Readonly<Partial<Record<Comer, readonly Permission[]>>> = {
  reader: [may('conversation', 'view', 'own')],
  maker: [may('conversation', 'create', 'own'), may('conversation', 'view', 'own'), may('conversation', 'edit', 'own'), may('model', 'use', 'all')],
  supervisor: [may('audit', 'view', 'all'), may('operation', 'view', 'all'), may('conversation', 'create', 'own')],
  removedRole: [may('conversation', 'view', 'own'), may('conversation', 'edit', 'own')],
};

/** What is the owner's, by the names that paths and inputs use. */
export type Things = Readonly<Record<string, string>>;

export interface World {
  readonly server: TestServer;
  readonly bearers: ReadonlyMap<Comer, string | undefined>;
  /** Whom the visitor's token stands for; undefined where it is refused. */
  principalOf(as: Comer): Promise<Principal | undefined>;
  call(method: string, path: string, as: Comer, body?: unknown): Promise<Response>;
  /** Things of the owner's, all there and none used up; shared as far as `sharedWith` says. */
  things(with_?: {
    readonly run?: boolean;
    readonly key?: boolean;
    readonly role?: boolean;
    readonly invitation?: boolean;
    readonly job?: boolean;
    readonly tools?: boolean;
    readonly prompt?: boolean;
  }): Promise<Things>;
  /** How many events there are that somebody asked for; those that record refusals, and what Annals does by itself, do not count. */
  events(): Promise<number>;
}

/** An installation with everybody who could come, and what the owner has in it. */
export async function createWorld(): Promise<World> {
  const issued = { secret: Buffer.alloc(32, 5), issuer: 'matrix-under-test' };
  const tokens = createTokens(issued);
  const past = createTokens({ ...issued, now: () => new Date(Date.now() - 7200_000) });
  const options = { secret: Buffer.alloc(32, 6), publicUrl: undefined };
  const server = await startServer({
    annals: { clock: passing },
    server: {
      tokens,
      localPerson: false,
      accounts: { passwords: true, registration: true },
      routes: [
        ...assistantUiRoutes(options),
        ...apiKeyRoutes,
        ...mcpConnectionRoutes,
        ...pmmToolRoutes,
        ...mcpRoutes({}),
        ...toolLoginRoutes({}),
        ...userRoutes({ tokens, open: true, tokenMinutes: 5, perMinute: 1000 }),
        ...exportAddressRoutes(options),
        ...loginRoutes(noProviders),
      ],
    },
  });
  const { kernel, disk } = server.installation;
  const bearers = new Map<Comer, string | undefined>();
  const cookies = new Map<Comer, string>();
  const keys = createSessionKeys({ secret: disk.secret });
  const told = async <Result>(principal: Principal, command: CommandValue<Result>): Promise<Result> => {
    const done = await kernel.tell(principal, command);
    if (!done.ok) throw new Error(`${command.definition.commandName}: ${done.error.message}`);
    return done.result;
  };
  const registered = (person: PersonId, roles: Role[]) => told(annals(person), registerPerson({ person, via: 'administrator', roles, profile: {} }));
  const tokenOf = async (id: PersonId, roles: RoleRef[], scopes?: string[]): Promise<string> =>
    (await tokens.access({ id, kind: 'person', roles, ...(scopes ? { scopes } : {}) })).token;
  const made = async (permissions: readonly Permission[]): Promise<RoleId> =>
    (await told(administrator, defineRole({ title: 'made', description: '', permissions: [...permissions] }))).role;

  /** Somebody logs in. */
  const session = async (person: PersonId) => {
    const made = keys.create();
    const { sessionId, proof } = made;
    await told(annals(person), startSession({ sessionId, person, kind: 'cookie', method: 'test', proof, device: 'Test' }));
    return made;
  };

  await registered(OWNER, ['member']);
  for (const visitor of [...visitors, ...onlyVerbs]) {
    const role = roleOf[visitor] ?? (visitor in madeRoles ? 'member' : undefined);
    if (!role) continue;
    const id = `person_${visitor}` as PersonId;
    await registered(id, [role]);
    bearers.set(visitor, await tokenOf(id, [role]));
    const permissions = madeRoles[visitor];
    if (permissions) await told(administrator, changeRoles({ person: id, roles: [await made(permissions)] }));
  }
  const removed = (await kernel.known.standingOf('person_removedRole')).roles?.[0] as RoleId;
  await told(administrator, removeRole({ role: removed }));
  bearers.set('owner', await tokenOf(OWNER, ['member']));
  bearers.set('ownerReads', await tokenOf(OWNER, ['member'], ['read']));
  bearers.set('ownerWrites', await tokenOf(OWNER, ['member'], ['write']));
  bearers.set('expired', (await past.access({ id: OWNER, kind: 'person', roles: ['administrator'] })).token);
  const revoked = await tokens.access(owner);
  bearers.set('revoked', revoked.token);
  bearers.set('anonymous', (await tokens.access(newAnonymous())).token);
  await told(owner, createToken({ person: OWNER, tokenId: revoked.tokenId, scopes: [] }));
  await told(administrator, revokeToken({ person: OWNER, tokenId: revoked.tokenId, graceMs: 0 }));
  await told(administrator, disablePerson({ person: 'person_disabled' as PersonId }));
  await told(administrator, signOutEverywhere({ person: 'person_signedOut' as PersonId }));

  const ended = await session('person_ended' as PersonId);
  await told(administrator, endSession({ sessionId: ended.sessionId, reason: 'revoked' }));
  cookies.set('endedSession', `annals=${ended.credential}`);

  const identity = createIdentity(
    { tokens, localPerson: false, known: kernel.known, sessions: { secret: disk.secret } },
    { doors: undefined as unknown as Doors, keys, register: async () => undefined, used: () => undefined },
  );
  const principalOf: World['principalOf'] = async (as) => {
    const headers = bearer(bearers.get(as) ?? '');
    const identified = await identity.identify({
      headers,
      headersDistinct: {},
      url: '/',
      socket: { remoteAddress: '192.0.2.1' },
    } as unknown as IncomingMessage);
    return identified.ok ? identified.principal : undefined;
  };

  const call: World['call'] = (method, path, as, body) => {
    const token = bearers.get(as);
    const cookie = cookies.get(as);
    return server.call(method, path, {
      ...(body === undefined ? {} : { body }),
      headers: { ...(token === undefined ? {} : bearer(token)), ...(cookie === undefined ? {} : { cookie, origin: server.url }) },
      signal: AbortSignal.timeout(5000),
    });
  };

  let made_ = 0;
  /** Something of a kind whose shares stand beside it. */
  const memory = async (): Promise<string> => {
    const id = `mem${++made_}`;
    const uuid = crypto.randomUUID();
    const metadata = {
      $correlationId: uuid,
      $causationId: uuid,
      commandId: uuid,
      commandHash: '',
      actor: OWNER,
      subject: OWNER,
      time: new Date().toISOString(),
    };
    await disk.store.append(`memory-${id}`, [{ id: uuid, type: 'SampleKept', version: 1, data: {}, metadata }], 'noStream');
    return id;
  };
  const upload = async (): Promise<string> => {
    const headers = { ...bearer(bearers.get('owner') ?? ''), 'content-type': 'text/plain' };
    const sent = await fetch(`${server.url}/api/files?filename=a.txt`, { method: 'POST', headers, body: 'bytes' });
    return ((await sent.json()) as { fileId: string }).fileId;
  };
  const share = async (conversations: readonly ConversationId[], fileId: FileId, resource: string): Promise<void> => {
    for (const [visitor, level] of Object.entries(sharedWith)) {
      const access = { with: `person_${visitor}` as never, level };
      for (const conversationId of conversations) await told(owner, shareConversation({ conversationId, ...access }));
      await told(owner, shareFile({ fileId, ...access }));
      await told(owner, shareResource({ kind: 'memory', resource, ...access }));
    }
  };

  let victims = 0;
  let prompts = 0;
  let toolServers = 0;
  const counted = { position: START, events: 0 };
  return {
    server,
    bearers,
    principalOf,
    call,
    async things({ run = true, key = false, role = false, invitation = false, job = false, tools = false, prompt = false } = {}) {
      const done = await askFor(kernel, owner, '/echo done');
      await settled(kernel, done);
      const asked = run ? await askFor(kernel, owner, '/call postcard {"to":"Bob"}') : done;
      if (run) await until(async () => (await runOf(kernel, asked.runId)).status === 'waiting');
      const [[toolCallId, pending] = []] = (await runOf(kernel, asked.runId)).calls;
      const fileId = (await upload()) as FileId;
      const tokenId = crypto.randomUUID();
      await told(owner, createToken({ person: OWNER, tokenId, scopes: [] }));
      const given = {
        owner: 'self',
        provider: 'openai',
        apiKey: 'sk-of-the-owner-1234',
        description: '',
        scopes: {},
        rotation: usualRotation,
      } as const;
      const { keyId } = key ? await told(owner, registerProviderKey(given)) : { keyId: '' };
      const invited = invitation ? await (await call('POST', '/api/invitations', 'administrator', {})).json() : {};
      const victim = `person_victim${++victims}` as PersonId;
      await registered(victim, ['member']);
      const resource = await memory();
      await share([done.conversationId as ConversationId, ...(run ? [asked.conversationId as ConversationId] : [])], fileId, resource);
      const names = kernel.progress.status().map(({ view }) => view);
      await kernel.progress.waitFor(names, await disk.store.head(), { timeoutMs: 10_000, signal: AbortSignal.timeout(10_000) });
      return {
        conversationId: done.conversationId,
        threadId: done.conversationId,
        messageId: done.question,
        parentId: done.question,
        answerId: done.messageId,
        doneRun: done.runId,
        runId: asked.runId,
        runMessage: asked.messageId,
        streamId: `${done.runId}.0`,
        fileId,
        tokenId,
        sessionId: (await session(OWNER)).sessionId,
        invitationId: (invited as { invitationId?: string }).invitationId ?? '',
        alertId: `alert_${'0'.repeat(32)}`,
        keyId,
        ...(tools ? await toolServer() : {}),
        promptId: prompt ? await promptOf() : '',
        version: '1',
        jobId: job ? await exported() : '',
        api_key_id: key ? await numberOf(keyId) : '',
        person: OWNER,
        victim,
        waiting: asked.conversationId,
        approvalId: pending?.approvalId ?? '',
        toolCallId: toolCallId ?? '',
        refreshToken: (await tokens.refresh(newAnonymous().id)).token,
        view: 'files',
        reaction: 'title',
        eventId: 'none',
        role: role ? await made([may('conversation', 'view', 'own')]) : 'role_none',
        kind: 'memory',
        resource,
        with: 'person_somebody',
      };
    },
    async events() {
      const stop = new AbortController();
      for await (const { events, seen, caughtUp } of disk.store.tail(counted.position, { signal: stop.signal })) {
        counted.events += events.filter(({ stream, metadata }) => !stream.startsWith('access-') && metadata.actor !== 'person_annals').length;
        counted.position = seen;
        if (caughtUp) break;
      }
      stop.abort();
      return counted.events;
    },
  };

  async function promptOf(): Promise<string> {
    const content = { messages: [{ role: 'user', content: { type: 'text', text: 'Hello {{who}}' } }] };
    const made = await call('POST', '/api/prompts', 'owner', { name: `owned-${++prompts}`, content });
    return ((await made.json()) as { promptId: string }).promptId;
  }

  async function toolServer(): Promise<{ serverId: string; connection_id: string; entry: string }> {
    const where = { slug: `owned-${++toolServers}`, transport: 'http', address: { url: 'http://127.0.0.1:1/mcp' } };
    const { serverId } = (await (await call('POST', '/api/mcp/servers', 'owner', where)).json()) as { serverId: string };
    return { serverId, connection_id: serverId, entry: 'sample-server' };
  }

  /** A job that has ended, and whose file is there. */
  async function exported(): Promise<string> {
    const { jobId } = await told(annals(OWNER), requestJob({ kind: 'export', person: OWNER }));
    await until(async () => (await kernel.ask(owner, getExport({ jobId }), { after: await disk.store.head() })).ok);
    return jobId;
  }

  async function numberOf(keyId: string): Promise<string> {
    const known = (await (await call('GET', `/api/provider-keys/${keyId}`, 'owner')).json()) as { number: number };
    return String(known.number);
  }
}
