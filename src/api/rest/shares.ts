import { z } from 'zod';
import * as commands from '../../commands/share.ts';
import { ShareLevel } from '../../domain/share.ts';
import { findPeople } from '../../projections/queries/roles.ts';
import * as queries from '../../projections/queries/shares.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Sharing'];
const Shares = z.object({ shares: z.array(z.object({ with: z.string(), level: ShareLevel, name: z.string().nullable() })) });
const list = { summary: 'With whom it is shared', tags, result: Shares };
const share = {
  summary: 'Share it with a person or a role, or change how far',
  description: '`view` reads, `edit` also writes, `manage` also shares. Deleting for good stays the owner’s.',
  tags,
  result: Done,
};
const unshare = { summary: 'End a share, at once; everybody may end the one with themselves', tags, result: Done };
const SharedWithMe = z.object({
  shares: z.array(
    z.object({ kind: z.string(), resource: z.string(), level: ShareLevel, with: z.string(), sharedBy: z.string(), sharedAt: z.iso.datetime() }),
  ),
  next: z.string().optional(),
});

export const shareRoutes: readonly RouteDefinition[] = routes({
  'GET /api/conversations/{conversationId}/shares': asks(queries.listConversationShares, list),
  'PUT /api/conversations/{conversationId}/shares/{with}': tells(commands.shareConversation, share),
  'DELETE /api/conversations/{conversationId}/shares/{with}': tells(commands.unshareConversation, unshare),
  'GET /api/files/{fileId}/shares': asks(queries.listFileShares, list),
  'PUT /api/files/{fileId}/shares/{with}': tells(commands.shareFile, share),
  'DELETE /api/files/{fileId}/shares/{with}': tells(commands.unshareFile, unshare),
  'GET /api/shares/{kind}/{resource}': asks(queries.listResourceShares, list),
  'PUT /api/shares/{kind}/{resource}/{with}': tells(commands.shareResource, share),
  'DELETE /api/shares/{kind}/{resource}/{with}': tells(commands.unshareResource, unshare),
  'GET /api/shared-with-me': asks(queries.listSharedWithMe, { summary: 'What others share with you, the latest first', tags, result: SharedWithMe }),
  'GET /api/directory': asks(findPeople, {
    summary: 'Persons to share something with, by part of the name or by the whole id',
    tags,
    result: z.object({ people: z.array(z.object({ id: z.string(), name: z.string().nullable() })) }),
  }),
});
