import { z } from 'zod';
import { conversationStream, conversations } from '../domain/conversation/index.ts';
import { fileStream, files } from '../domain/file.ts';
import { ConversationId, FileId } from '../domain/ids.ts';
import type { Principal } from '../domain/principal.ts';
import { type Possession, possessionStream, possessions, ResourceId, resourceShares, SharedKind, shareStream } from '../domain/resource-share.ts';
import { shareFields, unshareFields } from '../domain/share.ts';
import { command, type Policy } from './command.ts';
import { namedSelf, ownerOrShared } from './policy.ts';

/** Whoever manages a thing shares it; an anonymous visitor has nobody to answer for it. */
const sharer: Policy<unknown, unknown> = (request) => {
  const decision = ownerOrShared(request);
  return decision === 'allow' ? namedSelf(request) : decision;
};
/** Whoever manages a thing ends its shares, and everybody the share with themselves. */
const unsharer: Policy<{ with: string }, unknown> = (request) => {
  const shares = request.shares ?? (request.state as { shares?: ReadonlyMap<string, unknown> } | null)?.shares;
  const leaves = request.owner !== undefined && request.input.with === request.principal.id && shares?.has(request.principal.id) === true;
  return leaves ? 'allow' : sharer(request);
};

const ofConversation = {
  stream: ({ conversationId }: { conversationId: ConversationId }) => conversationStream(conversationId),
  aggregate: conversations,
  needs: 'conversation.manage',
} as const;
export const shareConversation = command('shareConversation', {
  input: z.object({ conversationId: ConversationId, ...shareFields }),
  ...ofConversation,
  policy: sharer,
});
export const unshareConversation = command('unshareConversation', {
  input: z.object({ conversationId: ConversationId, ...unshareFields }),
  ...ofConversation,
  policy: unsharer,
});

const ofFile = { stream: ({ fileId }: { fileId: FileId }) => fileStream(fileId), aggregate: files, needs: 'file.manage' } as const;
export const shareFile = command('shareFile', { input: z.object({ fileId: FileId, ...shareFields }), ...ofFile, policy: sharer });
export const unshareFile = command('unshareFile', { input: z.object({ fileId: FileId, ...unshareFields }), ...ofFile, policy: unsharer });

/** Of every other kind: whose the thing is says its own stream, with whom it is shared a stream beside it. */
const ofResource = {
  stream: ({ resource }: { resource: string }) => shareStream(resource),
  within: {
    stream: ({ kind, resource }: { kind: SharedKind; resource: string }, { id, onBehalfOf }: Principal) =>
      possessionStream(kind, resource, onBehalfOf ?? id),
    aggregate: possessions,
  },
  sharedAs: ({ resource }: { resource: string }) => resource,
  aggregate: resourceShares,
};
/** Of prompts whoever shares one has it. */
const standsThere = ({ input, state }: { input: { kind: SharedKind; resource: string }; state: Possession }): boolean =>
  input.kind !== 'prompt' || state.prompts.has(input.resource);
const resource = { kind: SharedKind, resource: ResourceId };
export const shareResource = command('shareResource', {
  input: z.object({ ...resource, ...shareFields }),
  ...ofResource,
  policy: (request) => (standsThere(request) ? sharer({ ...request, needs: `${request.input.kind}.manage` }) : 'notFound'),
});
export const unshareResource = command('unshareResource', {
  input: z.object({ ...resource, ...unshareFields }),
  ...ofResource,
  policy: (request) => {
    const { input, shares, principal } = request;
    if (standsThere(request)) return unsharer({ ...request, needs: `${input.kind}.manage` });
    // On somebody else's shelf: everybody may leave.
    return input.with === principal.id && shares?.has(principal.id) === true ? 'allow' : 'notFound';
  },
});
