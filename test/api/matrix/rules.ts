/**
 * Who may call a route, by what it is about:
 * - `everybody`: no token is needed;
 * - `signed`: the address itself is the permission, made for one file and a short time;
 * - `anyone`: whoever has come in by a door, about what is their own;
 * - `named`: the same, but for anonymous visitors;
 * - `own`: about a thing of the owner's, which to all others is not there;
 * - `oneself`: about a person: that person and administrators, to others it is not there;
 * - `administrators`: they alone; `auditors`: auditors, too; `analysts`: analysts, too.
 * `write` needs that right of a restricted token or a role, `read` the other, `both` looks first and then writes; `none` needs neither.
 * What is otherwise for some visitor stands at the end.
 */
export type Rule = readonly [
  who: 'everybody' | 'signed' | 'anyone' | 'named' | 'own' | 'oneself' | 'administrators' | 'auditors' | 'analysts',
  verb: 'read' | 'write' | 'both' | 'none',
  otherwise?: Readonly<Partial<Record<Visitor, Answer>>>,
];

/** The example signs no heads, so there is none to show. */
const noHeads = { auditor: 404, administrator: 404 } as const;

const noLogin = { owner: 404, other: 404, auditor: 404, analyst: 404, administrator: 404 } as const;
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
  'POST /api/tokens/{tokenId}/rotate': ['own', 'both', { ownerWrites: 404 }],
  'DELETE /api/tokens/{tokenId}': ['own', 'write', { ownerWrites: 403, anonymous: 403 }],
  'GET /api/tokens': ['anyone', 'read'],

  'GET /api/conversations': ['anyone', 'read'],
  'POST /api/conversations': ['anyone', 'write'],
  'GET /api/conversations/{conversationId}': ['own', 'read'],
  'DELETE /api/conversations/{conversationId}': ['own', 'write'],
  'PUT /api/conversations/{conversationId}/title': ['own', 'write'],
  'PUT /api/conversations/{conversationId}/metadata': ['own', 'write'],
  'POST /api/conversations/{conversationId}/archive': ['own', 'write'],
  'POST /api/conversations/{conversationId}/unarchive': ['own', 'write'],
  'POST /api/conversations/{conversationId}/restore': ['own', 'write'],
  'GET /api/conversations/{conversationId}/events': ['own', 'read'],
  'GET /api/conversations/{conversationId}/messages': ['own', 'read'],
  'GET /api/conversations/{conversationId}/messages/{messageId}': ['own', 'read'],
  'POST /api/conversations/{conversationId}/messages': ['own', 'write'],
  'POST /api/conversations/{conversationId}/messages/append': ['own', 'write'],
  'POST /api/conversations/{conversationId}/messages/{parentId}/reply': ['own', 'write'],
  'PUT /api/conversations/{conversationId}/messages/{messageId}/content': ['own', 'write'],
  'PUT /api/conversations/{conversationId}/messages/{messageId}/feedback': ['own', 'write'],
  'PUT /api/conversations/{conversationId}/branch': ['own', 'write'],
  'GET /api/conversations/{conversationId}/runs': ['own', 'read'],
  'GET /api/conversations/{conversationId}/runs/{runId}/stream': ['own', 'read'],
  'GET /api/runs/{runId}': ['own', 'read'],
  'POST /api/runs/{runId}/stop': ['own', 'both'],
  'POST /api/runs/{runId}/approvals/{approvalId}': ['own', 'both'],
  // The example waits for a person, not for a tool of the page.
  'POST /api/runs/{runId}/tools/{toolCallId}': ['own', 'both', { owner: 404 }],
  'POST /api/files': ['anyone', 'write'],
  'GET /api/files': ['anyone', 'read'],
  'GET /api/files/{fileId}': ['own', 'read'],
  'GET /api/files/{fileId}/content': ['own', 'read'],
  'DELETE /api/files/{fileId}': ['own', 'write'],
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

  'GET /api/provider-keys': ['anyone', 'read'],
  'POST /api/provider-keys': ['named', 'write'],
  'GET /api/provider-keys/{keyId}': ['own', 'read'],
  'PATCH /api/provider-keys/{keyId}': ['own', 'write'],
  'POST /api/provider-keys/{keyId}/rotate': ['own', 'write'],
  'DELETE /api/provider-keys/{keyId}': ['own', 'write'],
  'GET /api-keys/': ['anyone', 'read'],
  'POST /api-keys/': ['named', 'both', { viewer: 403 }],
  'GET /api-keys/{api_key_id}': ['own', 'read'],
  'PUT /api-keys/{api_key_id}': ['own', 'both'],
  'DELETE /api-keys/{api_key_id}': ['own', 'both'],

  'GET /api/audit': ['auditors', 'read'],
  'GET /api/audit/heads': ['auditors', 'read', noHeads],
  'GET /api/audit/proof': ['auditors', 'read', noHeads],
  'GET /api/audit/consistency': ['auditors', 'read', noHeads],

  'POST /api/me/exports': ['named', 'write', { ownerWrites: 403 }],
  'GET /api/me/exports': ['anyone', 'read'],
  'GET /api/me/exports/{jobId}/file': ['own', 'read'],
  'POST /api/me/imports': ['named', 'write', { ownerWrites: 403 }],
  'GET /api/masking': ['anyone', 'read'],
  'PUT /api/masking': ['administrators', 'write'],
  'GET /api/me/masked-words': ['anyone', 'read'],
  'PUT /api/me/masked-words': ['named', 'write'],
  'GET /api/conversations/{conversationId}/masking': ['own', 'read'],
  'PUT /api/conversations/{conversationId}/masking': ['own', 'write'],
  'GET /api/retention': ['anyone', 'read'],
  'PUT /api/retention': ['administrators', 'write'],
  'GET /api/retention/due': ['anyone', 'read'],
  'GET /api/conversations/{conversationId}/retention': ['own', 'read'],
  'PUT /api/conversations/{conversationId}/retention': ['own', 'write'],
  'GET /api/analytics/usage': ['analysts', 'read'],
  'GET /api/analytics/rows': ['analysts', 'read'],
  'GET /api/analytics/usage.csv': ['analysts', 'read'],
  'GET /api/analytics/rows.csv': ['analysts', 'read'],

  'GET /aui/v1/threads': ['anyone', 'read'],
  'POST /aui/v1/threads': ['anyone', 'write'],
  'GET /aui/v1/threads/{threadId}': ['own', 'read'],
  'PUT /aui/v1/threads/{threadId}': ['own', 'both'],
  'DELETE /aui/v1/threads/{threadId}': ['own', 'both'],
  'GET /aui/v1/threads/{threadId}/messages': ['own', 'read'],
  'POST /aui/v1/threads/{threadId}/messages': ['own', 'both'],
  'PUT /aui/v1/threads/{threadId}/messages/{messageId}': ['own', 'both'],
  'DELETE /aui/v1/threads/{threadId}/messages': ['own', 'read'],
  'POST /aui/v1/threads/{threadId}/messages/{messageId}/feedback': ['own', 'both'],
  'POST /aui/v1/runs/stream': ['own', 'read'],
  'POST /aui/v1/runs': ['own', 'both', { ownerWrites: 404 }],
  'POST /aui/v1/events': ['anyone', 'write'],
  'POST /aui/v1/scores': ['anyone', 'write'],
  'POST /aui/v1/files/attachments/generate-presigned-upload-url': ['anyone', 'write'],
  'POST /aui/v1/files/attachments/generate-presigned-download-url': ['own', 'read'],
  'GET /aui/v1/projects/threads': ['administrators', 'read'],
  'GET /aui/v1/projects/threads/{threadId}/messages': ['administrators', 'read'],
  'POST /aui/api/chat': ['own', 'both'],
  'GET /aui/api/chat/resume/{streamId}': ['own', 'read'],
  'GET /aui/api/chat/{threadId}/stream': ['own', 'read'],
  'POST /aui/api/chat/{threadId}/stop': ['own', 'both'],

  'GET /api/sessions': ['anyone', 'read'],
  // Only a session opens another one.
  'POST /api/sessions': ['anyone', 'none', sessionOnly],
  'DELETE /api/sessions/{sessionId}': ['oneself', 'write', { ownerWrites: 403 }],
  'POST /api/sessions/revoke-others': ['named', 'write', { ownerWrites: 403 }],
  'POST /api/logout': ['everybody', 'none'],
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
};

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
