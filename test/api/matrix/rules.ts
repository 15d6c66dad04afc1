/**
 * Who may call a route, by what it is about:
 * - `everybody`: no token is needed;
 * - `signed`: the address itself is the permission, made for one file and a short time;
 * - `anyone`: whoever has come in by a door, about what is their own;
 * - `named`: the same, but for anonymous visitors;
 * - `own`: about a thing of the owner's, which to all others is not there;
 * - `oneself`: about a person: that person and administrators, to others it is not there;
 * - `administrators`: they alone; `auditors`: auditors, too.
 * `write` needs that right of a restricted token or a role, `read` the other, `both` looks first and then writes; `none` needs neither.
 * What is otherwise for some visitor stands at the end.
 */
export type Rule = readonly [
  who: 'everybody' | 'signed' | 'anyone' | 'named' | 'own' | 'oneself' | 'administrators' | 'auditors',
  verb: 'read' | 'write' | 'both' | 'none',
  otherwise?: Readonly<Partial<Record<Visitor, Answer>>>,
];

/** The example signs no heads, so there is none to show. */
const noHeads = { auditor: 404, administrator: 404 } as const;

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
  'GET /api/mcp/tools': ['anyone', 'read'],
  'PUT /api/mcp/choices': ['named', 'write'],
  'PUT /api/mcp/policies': ['named', 'write'],
  'GET /api/approvals': ['anyone', 'read'],

  'GET /api/audit': ['auditors', 'read'],
  'GET /api/audit/heads': ['auditors', 'read', noHeads],
  'GET /api/audit/proof': ['auditors', 'read', noHeads],
  'GET /api/audit/consistency': ['auditors', 'read', noHeads],

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
};

export const visitors = [
  'nobody',
  'expired',
  'disabled',
  'signedOut',
  'revoked',
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
};

const strangers: readonly Visitor[] = ['nobody', 'expired', 'disabled', 'signedOut', 'revoked'];
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
    case 'administrators':
      return visitor === 'administrator' ? 'in' : 403;
    default:
      return who satisfies never;
  }
}
