/**
 * Who may call a route, by what it is about:
 * - `everybody`: no token is needed;
 * - `signed`: the address itself is the permission, made for one file and a short time;
 * - `anyone`: whoever has come in by a door, about what is their own;
 * - `named`: the same, but for anonymous visitors;
 * - `own`: about a thing of the owner's, which to all others is not there;
 * - `view`, `edit`, `manage`: about a thing of the owner's that is shared: whom it is shared with that far may, too; `keep`: the owner alone, and whoever
 *   sees it is told so;
 * - `oneself`: about a person: that person and administrators, to others it is not there;
 * - `administrators`: they alone; `auditors`: auditors, too; `analysts`: analysts, too.
 * `write` needs that right of a restricted token or a role, `read` the other, `both` looks first and then writes; `none` needs neither.
 * What is otherwise for some visitor stands at the end.
 */
export type Rule = readonly [
  who:
    | 'everybody'
    | 'signed'
    | 'anyone'
    | 'named'
    | 'own'
    | 'view'
    | 'edit'
    | 'manage'
    | 'keep'
    | 'oneself'
    | 'administrators'
    | 'auditors'
    | 'analysts',
  verb: 'read' | 'write' | 'both' | 'none',
  otherwise?: Readonly<Partial<Record<Visitor, Answer>>>,
];

/** Who sees a thing, but does not manage it, is not shown its shares. */
const unmanaged = { sharedView: 404, sharedEdit: 404, viewerManages: 404 } as const;
/** The example signs no heads, so there is none to show. */
const noHeads = { auditor: 404, administrator: 404 } as const;

const noLogin = {
  owner: 404,
  other: 404,
  auditor: 404,
  analyst: 404,
  administrator: 404,
  sharedView: 404,
  sharedEdit: 404,
  sharedManage: 404,
} as const;
const noProvider = {
  nobody: 404,
  expired: 404,
  disabled: 404,
  signedOut: 404,
  revoked: 404,
  endedSession: 404,
  anonymous: 404,
  owner: 404,
  ownerReads: 404,
  ownerWrites: 404,
  other: 404,
  viewer: 404,
  auditor: 404,
  analyst: 404,
  administrator: 404,
  sharedView: 404,
  sharedEdit: 404,
  sharedManage: 404,
  viewerManages: 404,
  removedRole: 404,
} as const;
const sessionOnly = {
  anonymous: 403,
  owner: 403,
  ownerReads: 403,
  ownerWrites: 403,
  other: 403,
  viewer: 403,
  auditor: 403,
  analyst: 403,
  administrator: 403,
  sharedView: 403,
  sharedEdit: 403,
  sharedManage: 403,
  viewerManages: 403,
  removedRole: 403,
} as const;

/** By method and path, for every route there is. */
export const rules: Readonly<Record<string, Rule>> = {
  'GET /health/live': ['everybody', 'none'],
  'GET /health/ready': ['everybody', 'none'],
  'GET /docs': ['everybody', 'none'],
  'POST /users/': ['everybody', 'none'],
  'POST /aui/v1/auth/tokens/anonymous': ['everybody', 'none'],
  'POST /aui/v1/auth/tokens/refresh': ['everybody', 'none'],
  'PUT /aui/v1/files/{fileId}': ['signed', 'none'],
  'GET /aui/v1/files/{fileId}': ['signed', 'none'],

  'POST /aui/v1/auth/tokens': ['anyone', 'none'],
  'GET /users/me': ['anyone', 'none'],
  'GET /api/openapi.json': ['anyone', 'none', { anonymous: 404 }],
  'GET /api/me': ['anyone', 'none'],
  'GET /api/models': ['anyone', 'none'],
  'POST /aui/v1/files/pdf-to-images': ['anyone', 'none'],
  'POST /aui/v1/threads/claim': ['named', 'write'],
  'PATCH /api/me': ['named', 'write'],
  'POST /api/me/sign-out': ['named', 'write'],
  'POST /api/tokens': ['named', 'write', { ownerWrites: 403 }],
  'POST /api/tokens/{tokenId}/rotate': ['own', 'both', { ownerWrites: 404, removedRole: 404 }],
  'DELETE /api/tokens/{tokenId}': ['own', 'write', { ownerWrites: 403, anonymous: 403 }],
  'GET /api/tokens': ['anyone', 'read'],

  'GET /api/conversations': ['anyone', 'read'],
  'POST /api/conversations': ['anyone', 'write'],
  'GET /api/conversations/{conversationId}': ['view', 'read'],
  'DELETE /api/conversations/{conversationId}': ['keep', 'write'],
  'PUT /api/conversations/{conversationId}/title': ['manage', 'write'],
  'PUT /api/conversations/{conversationId}/metadata': ['keep', 'write'],
  'POST /api/conversations/{conversationId}/archive': ['keep', 'write'],
  'POST /api/conversations/{conversationId}/unarchive': ['keep', 'write'],
  'POST /api/conversations/{conversationId}/restore': ['keep', 'write'],
  'GET /api/conversations/{conversationId}/events': ['view', 'read'],
  'GET /api/conversations/{conversationId}/messages': ['view', 'read'],
  'GET /api/conversations/{conversationId}/messages/{messageId}': ['view', 'read'],
  'POST /api/conversations/{conversationId}/messages': ['edit', 'write'],
  'POST /api/conversations/{conversationId}/messages/append': ['edit', 'write'],
  'POST /api/conversations/{conversationId}/messages/{parentId}/reply': ['edit', 'write'],
  'PUT /api/conversations/{conversationId}/messages/{messageId}/content': ['keep', 'write'],
  'PUT /api/conversations/{conversationId}/messages/{messageId}/feedback': ['edit', 'write'],
  'PUT /api/conversations/{conversationId}/branch': ['edit', 'write'],
  'GET /api/conversations/{conversationId}/runs': ['view', 'read'],
  'GET /api/conversations/{conversationId}/runs/{runId}/stream': ['view', 'read'],
  'GET /api/runs/{runId}': ['view', 'read'],
  'POST /api/runs/{runId}/stop': ['edit', 'both'],
  'POST /api/runs/{runId}/approvals/{approvalId}': ['keep', 'both'],
  'POST /api/runs/{runId}/questions/{inputId}': ['keep', 'both'],
  // The example waits for a person, not for a tool of the page.
  'POST /api/runs/{runId}/tools/{toolCallId}': ['edit', 'both', { owner: 404, sharedEdit: 404, sharedManage: 404 }],
  'POST /api/files': ['anyone', 'write'],
  'GET /api/files': ['anyone', 'read'],
  'GET /api/files/{fileId}': ['view', 'read'],
  'GET /api/files/{fileId}/content': ['view', 'read'],
  'DELETE /api/files/{fileId}': ['keep', 'write'],
  'GET /api/events': ['anyone', 'read'],
  'GET /api/jobs': ['anyone', 'read'],
  'GET /api/jobs/{jobId}': ['oneself', 'read'],
  // Erasing: the id of the job is the permission, and the example's is none of an erasure.
  'GET /api/erasures/{jobId}': ['signed', 'none'],
  'POST /api/me/erase': ['named', 'write', { ownerReads: 403, ownerWrites: 403 }],
  'POST /api/people/{person}/erase': ['administrators', 'write'],
  'GET /api/me/privacy': ['anyone', 'read'],
  'PATCH /api/me/privacy': ['named', 'write'],
  'GET /api/people/{person}/privacy': ['oneself', 'read'],
  'PATCH /api/people/{person}/privacy': ['oneself', 'write'],
  'POST /api/jobs/{jobId}/cancel': ['oneself', 'write'],

  'POST /api/people': ['administrators', 'write'],
  'GET /api/people': ['administrators', 'read'],
  'GET /api/people/{person}': ['administrators', 'read'],
  'PATCH /api/people/{person}/profile': ['oneself', 'write'],
  'PUT /api/people/{person}/roles': ['administrators', 'write'],
  'POST /api/people/{person}/disable': ['administrators', 'write'],
  'POST /api/people/{person}/enable': ['administrators', 'write'],
  'POST /api/people/{person}/sign-out': ['oneself', 'write'],
  'POST /api/views/{view}/rebuild': ['administrators', 'read'],
  'GET /api/views': ['administrators', 'read'],
  'GET /api/parked': ['administrators', 'read'],
  'POST /api/parked/{reaction}/{eventId}/unpark': ['administrators', 'write', { administrator: 404 }],

  'POST /api/login': ['everybody', 'none'],
  'POST /api/registrations': ['everybody', 'none'],
  'POST /api/password-resets': ['everybody', 'none'],
  'POST /api/password-resets/redeem': ['everybody', 'none'],
  'POST /api/invitations/look': ['everybody', 'none'],
  'POST /api/invitations/redeem': ['everybody', 'none'],
  // Nobody in the example has a password, which only who may change one is told.
  'POST /api/me/password': ['named', 'none', { ownerReads: 403, ownerWrites: 403 }],
  'POST /api/invitations': ['administrators', 'write'],
  'GET /api/invitations': ['administrators', 'read'],
  'DELETE /api/invitations/{invitationId}': ['administrators', 'write'],
  'POST /api/invitations/{invitationId}/link': ['administrators', 'read'],
  'POST /api/people/{person}/password-reset': ['administrators', 'write'],
  'GET /api/mails': ['administrators', 'read'],

  'GET /api/provider-keys': ['anyone', 'read'],
  'POST /api/provider-keys': ['named', 'write'],
  'GET /api/provider-keys/{keyId}': ['own', 'read'],
  'PATCH /api/provider-keys/{keyId}': ['own', 'write'],
  'POST /api/provider-keys/{keyId}/rotate': ['own', 'write'],
  'DELETE /api/provider-keys/{keyId}': ['own', 'write'],
  'GET /api-keys/': ['anyone', 'read'],
  'POST /api-keys/': ['named', 'both', { viewer: 403, viewerManages: 403 }],
  'GET /api-keys/{api_key_id}': ['own', 'read'],
  'PUT /api-keys/{api_key_id}': ['own', 'both'],
  'DELETE /api-keys/{api_key_id}': ['own', 'both'],

  'GET /api/prompts': ['anyone', 'read'],
  'POST /api/prompts': ['named', 'write'],
  'POST /api/prompts/expand': ['anyone', 'read'],
  'POST /api/prompts/complete': ['anyone', 'read'],
  'GET /api/prompts/{promptId}': ['own', 'read'],
  'PUT /api/prompts/{promptId}': ['own', 'write'],
  'DELETE /api/prompts/{promptId}': ['own', 'write'],
  'PUT /api/prompts/{promptId}/name': ['own', 'write'],
  'POST /api/prompts/{promptId}/archive': ['own', 'write'],
  'POST /api/prompts/{promptId}/unarchive': ['own', 'write'],
  'PUT /api/prompts/{promptId}/pin': ['own', 'write'],
  'POST /api/prompts/{promptId}/rollback': ['own', 'write'],
  // Administrators alone, and only of what is their own: the example is another's.
  'PUT /api/prompts/{promptId}/visibility': ['administrators', 'write', { administrator: 404 }],
  'GET /api/prompts/{promptId}/versions': ['own', 'read'],
  'GET /api/prompts/{promptId}/versions/{version}': ['own', 'read'],
  'GET /api/prompts/{promptId}/diff': ['own', 'read'],
  'POST /api/prompts/{promptId}/expand': ['own', 'read'],
  'POST /mcp': ['anyone', 'none'],
  'GET /mcp': ['anyone', 'none'],
  'GET /.well-known/oauth-protected-resource': ['everybody', 'none'],
  'GET /.well-known/oauth-protected-resource/mcp': ['everybody', 'none'],
  'GET /api/mcp/servers': ['anyone', 'read'],
  'POST /api/mcp/servers': ['named', 'write'],
  'GET /api/mcp/servers/{serverId}': ['own', 'read'],
  'PUT /api/mcp/servers/{serverId}': ['own', 'write'],
  'DELETE /api/mcp/servers/{serverId}': ['own', 'write'],
  'PUT /api/mcp/servers/{serverId}/enabled': ['own', 'write'],
  // Nobody shares what is his own alone.
  'PUT /api/mcp/servers/{serverId}/audience': ['own', 'write'],
  'PUT /api/mcp/servers/{serverId}/policy': ['own', 'write'],
  'GET /api/mcp/servers/{serverId}/connections': ['own', 'read'],
  'POST /api/mcp/servers/{serverId}/refresh': ['own', 'both'],
  // The example has never been reached, so nothing of it can have changed.
  'GET /api/mcp/servers/{serverId}/change': ['own', 'read', { owner: 404, ownerReads: 404 }],
  'POST /api/mcp/servers/{serverId}/approve': ['own', 'write', { owner: 404, ownerWrites: 404 }],
  // Nobody ever reached it: nothing is known of what it offers.
  'GET /api/mcp/servers/{serverId}/compatibility': ['own', 'read', { owner: 404, ownerReads: 404 }],
  'GET /api/mcp/servers/{serverId}/updates': ['own', 'read'],
  'POST /api/mcp/servers/{serverId}/releases': ['own', 'write'],
  // Nobody has looked its versions up: there is nothing to update.
  'POST /api/mcp/servers/{serverId}/updates': ['own', 'write', { owner: 404, ownerWrites: 404 }],
  'POST /api/mcp/servers/{serverId}/updates/{updateId}/approve': ['own', 'write', { owner: 404, ownerWrites: 404 }],
  'POST /api/mcp/servers/{serverId}/updates/{updateId}/dismiss': ['own', 'write', { owner: 404, ownerWrites: 404 }],
  'POST /api/mcp/servers/{serverId}/roll-back': ['own', 'write', { owner: 404, ownerWrites: 404 }],
  'GET /api/mcp/dependencies': ['anyone', 'read'],
  'POST /api/mcp/plan': ['anyone', 'write', { viewer: 403, viewerManages: 403 }],
  'PUT /api/mcp/servers/{serverId}/requirements': ['own', 'write'],
  'PUT /api/mcp/servers/{serverId}/updates': ['own', 'write'],
  'POST /api/mcp/servers/{serverId}/contract': ['own', 'write', { owner: 404, ownerWrites: 404 }],
  // The example has no login.
  'POST /api/mcp/servers/{serverId}/authorize': ['own', 'write'],
  'DELETE /api/mcp/servers/{serverId}/authorization': ['own', 'write'],
  'POST /api/mcp/logins': ['anyone', 'none'],
  'GET /tool-servers/callback': ['everybody', 'none'],
  'GET /tool-servers/client.json': ['everybody', 'none'],
  'GET /api/mcp/tools': ['anyone', 'read'],
  'GET /api/mcp/catalogue': ['anyone', 'none'],
  'POST /api/mcp/catalogue/{entry}': ['named', 'write'],
  'POST /api/mcp/import': ['named', 'both', { viewer: 403, viewerManages: 403 }],
  'GET /metrics': ['administrators', 'none'],
  'GET /api/mcp/export': ['anyone', 'read'],
  'GET /v1/chat/mcp/tools': ['anyone', 'read'],
  'POST /mcp-connections/': ['named', 'both', { viewer: 403, viewerManages: 403 }],
  'GET /mcp-connections/': ['anyone', 'read'],
  'GET /mcp-connections/{connection_id}': ['own', 'read'],
  'PUT /mcp-connections/{connection_id}': ['own', 'both'],
  'DELETE /mcp-connections/{connection_id}': ['own', 'both'],
  'PUT /api/mcp/choices': ['named', 'write'],
  'PUT /api/mcp/policies': ['named', 'write'],
  'GET /api/approvals': ['anyone', 'read'],
  'GET /api/questions': ['anyone', 'read'],

  'GET /api/audit': ['auditors', 'read'],
  'GET /api/audit/heads': ['auditors', 'read', noHeads],
  'GET /api/audit/proof': ['auditors', 'read', noHeads],
  'GET /api/audit/consistency': ['auditors', 'read', noHeads],

  'GET /api/security/events': ['auditors', 'read'],
  'GET /api/security/feed': ['auditors', 'read'],
  'GET /api/security/alerts': ['auditors', 'read'],
  'POST /api/security/alerts/{alertId}/acknowledge': ['administrators', 'write', { administrator: 404 }],
  'GET /api/roles': ['named', 'read'],
  'POST /api/roles': ['administrators', 'write'],
  'PATCH /api/roles/{role}': ['administrators', 'write'],
  'DELETE /api/roles/{role}': ['administrators', 'write'],
  'POST /api/people/{person}/permissions/grant': ['administrators', 'write'],
  'POST /api/people/{person}/permissions/revoke': ['administrators', 'write'],
  'GET /api/model-access': ['administrators', 'read'],
  'POST /api/model-access': ['administrators', 'write'],
  'GET /api/directory': ['named', 'read'],
  'GET /api/shared-with-me': ['anyone', 'read'],
  'GET /api/conversations/{conversationId}/shares': ['manage', 'read', unmanaged],
  'PUT /api/conversations/{conversationId}/shares/{with}': ['manage', 'write'],
  'DELETE /api/conversations/{conversationId}/shares/{with}': ['manage', 'write'],
  'GET /api/files/{fileId}/shares': ['manage', 'read', unmanaged],
  'PUT /api/files/{fileId}/shares/{with}': ['manage', 'write'],
  'DELETE /api/files/{fileId}/shares/{with}': ['manage', 'write'],
  'GET /api/shares/{kind}/{resource}': ['manage', 'read', unmanaged],
  'PUT /api/shares/{kind}/{resource}/{with}': ['manage', 'write'],
  'DELETE /api/shares/{kind}/{resource}/{with}': ['manage', 'write'],
  'POST /api/me/exports': ['named', 'write', { ownerWrites: 403 }],
  'GET /api/me/exports': ['anyone', 'read'],
  'GET /api/me/exports/{jobId}/file': ['own', 'read'],
  'POST /api/me/exports/{jobId}/address': ['own', 'read'],
  'GET /api/exports/{jobId}': ['signed', 'none'],
  'POST /api/me/imports': ['named', 'write', { ownerWrites: 403 }],
  'GET /api/masking': ['anyone', 'read'],
  'PUT /api/masking': ['administrators', 'write'],
  'GET /api/me/masked-words': ['anyone', 'read'],
  'PUT /api/me/masked-words': ['named', 'write'],
  'GET /api/conversations/{conversationId}/masking': ['view', 'read'],
  'PUT /api/conversations/{conversationId}/masking': ['own', 'write'],
  'GET /api/retention': ['anyone', 'read'],
  'PUT /api/retention': ['administrators', 'write'],
  'GET /api/retention/due': ['anyone', 'read'],
  'GET /api/conversations/{conversationId}/retention': ['view', 'read'],
  'PUT /api/conversations/{conversationId}/retention': ['keep', 'write'],
  'GET /api/analytics/usage': ['analysts', 'read'],
  'GET /api/analytics/rows': ['analysts', 'read'],
  'GET /api/analytics/usage.csv': ['analysts', 'read'],
  'GET /api/analytics/rows.csv': ['analysts', 'read'],

  'GET /aui/v1/threads': ['anyone', 'read'],
  'POST /aui/v1/threads': ['anyone', 'write'],
  'GET /aui/v1/threads/{threadId}': ['view', 'read'],
  'PUT /aui/v1/threads/{threadId}': ['manage', 'both'],
  'DELETE /aui/v1/threads/{threadId}': ['keep', 'both'],
  'GET /aui/v1/threads/{threadId}/messages': ['view', 'read'],
  'POST /aui/v1/threads/{threadId}/messages': ['edit', 'both'],
  'PUT /aui/v1/threads/{threadId}/messages/{messageId}': ['keep', 'both'],
  'DELETE /aui/v1/threads/{threadId}/messages': ['view', 'read'],
  'POST /aui/v1/threads/{threadId}/messages/{messageId}/feedback': ['edit', 'both'],
  'POST /aui/v1/runs/stream': ['view', 'read'],
  'POST /aui/v1/runs': ['view', 'both', { ownerWrites: 404, removedRole: 404, viewerManages: 403 }],
  'POST /aui/v1/events': ['anyone', 'write'],
  'POST /aui/v1/scores': ['anyone', 'write'],
  'POST /aui/v1/files/attachments/generate-presigned-upload-url': ['anyone', 'write'],
  'POST /aui/v1/files/attachments/generate-presigned-download-url': ['view', 'read'],
  'GET /aui/v1/projects/threads': ['administrators', 'read'],
  'GET /aui/v1/projects/threads/{threadId}/messages': ['administrators', 'read'],

  'GET /api/sessions': ['anyone', 'read'],
  // Only a session opens another one.
  'POST /api/sessions': ['anyone', 'none', sessionOnly],
  'DELETE /api/sessions/{sessionId}': ['oneself', 'write', { ownerWrites: 403 }],
  'POST /api/sessions/revoke-others': ['named', 'write', { ownerWrites: 403 }],
  'POST /api/logout': ['everybody', 'none'],
  'POST /aui/api/chat': ['edit', 'both'],
  'GET /aui/api/chat/resume/{streamId}': ['view', 'read'],
  'GET /aui/api/chat/{threadId}/stream': ['view', 'read'],
  'POST /aui/api/chat/{threadId}/stop': ['edit', 'both'],
  'GET /login/providers': ['everybody', 'none'],
  'GET /login/{provider}': ['everybody', 'none', noProvider],
  'GET /login/{provider}/callback': ['everybody', 'none', noProvider],
  'POST /login/{provider}/callback': ['everybody', 'none'],
  'GET /api/me/logins': ['anyone', 'read'],
  // Nobody of them has logged in at a provider.
  'DELETE /api/me/logins/{identity}': ['named', 'write', { ...noLogin, ownerWrites: 403 }],
  // Only whoever runs the installation.
  'POST /api/people/{person}/claim-local': ['administrators', 'write', { administrator: 403 }],
};

export const visitors = [
  'nobody',
  'expired',
  'disabled',
  'signedOut',
  'revoked',
  'endedSession',
  'anonymous',
  'owner',
  'ownerReads',
  'ownerWrites',
  'other',
  'viewer',
  'auditor',
  'analyst',
  'administrator',
  'sharedView',
  'sharedEdit',
  'sharedManage',
  'viewerManages',
  'removedRole',
] as const;
export type Visitor = (typeof visitors)[number];
export type Answer = 'in' | 401 | 403 | 404;

/** Routes that use up whoever calls them: tried last, and by this visitor alone. */
export const spent: Readonly<Record<string, Visitor>> = {
  'POST /api/people/{person}/sign-out': 'administrator',
  'POST /api/me/sign-out': 'analyst',
  'POST /api/me/erase': 'other',
};

const strangers: readonly Visitor[] = ['nobody', 'expired', 'disabled', 'signedOut', 'revoked', 'endedSession'];
const owners: readonly Visitor[] = ['owner', 'ownerReads', 'ownerWrites'];

/** What a restricted token, or a role that only reads, has no right to. */
const mayNot: Readonly<Partial<Record<Visitor, readonly Rule[1][]>>> = {
  ownerReads: ['write', 'both'],
  ownerWrites: ['read', 'both'],
  viewer: ['write'],
  viewerManages: ['write'],
  removedRole: ['read', 'write', 'both'],
};

const levels = ['view', 'edit', 'manage'] as const;
/** How far the owner's things are shared with a visitor. Who only views here does no more than that, however far the share goes. */
const shared: Readonly<Partial<Record<Visitor, (typeof levels)[number]>>> = {
  sharedView: 'view',
  sharedEdit: 'edit',
  sharedManage: 'manage',
  viewerManages: 'view',
};

/** Rules about things of the owner's. */
export const ofOwner: ReadonlySet<string> = new Set(['own', 'view', 'edit', 'manage', 'keep', 'oneself']);

/** What the rule says to this visitor. */
export function expected([who, verb, otherwise]: Rule, visitor: Visitor): Answer {
  const exception = otherwise?.[visitor];
  if (exception !== undefined) return exception;
  if (who === 'everybody') return 'in';
  if (who === 'signed') return 404;
  if (strangers.includes(visitor)) return 401;
  if (mayNot[visitor]?.includes(verb)) return 403;
  switch (who) {
    case 'anyone':
      return 'in';
    case 'named':
      return visitor === 'anonymous' ? 403 : 'in';
    case 'own':
      return owners.includes(visitor) ? 'in' : 404;
    case 'view':
    case 'edit':
    case 'manage':
    case 'keep': {
      if (owners.includes(visitor)) return 'in';
      const level = shared[visitor];
      if (level === undefined) return 404;
      return who !== 'keep' && levels.indexOf(level) >= levels.indexOf(who) ? 'in' : 403;
    }
    case 'oneself':
      return owners.includes(visitor) || visitor === 'administrator' ? 'in' : 404;
    case 'auditors':
      return visitor === 'administrator' || visitor === 'auditor' ? 'in' : 403;
    case 'analysts':
      return visitor === 'administrator' || visitor === 'analyst' ? 'in' : 403;
    case 'administrators':
      return visitor === 'administrator' ? 'in' : 403;
    default:
      return who satisfies never;
  }
}
