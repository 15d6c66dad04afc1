import type { View } from '../view.ts';
import { claims } from './claims.ts';
import { conversationList } from './conversations.ts';
import { deadlines } from './deadlines.ts';
import { feed } from './feed.ts';
import { fileList } from './files.ts';
import { messageTree } from './messages.ts';
import { parked } from './parked.ts';
import { runList } from './runs.ts';

/** Every view there is. */
export const views = [conversationList, messageTree, runList, deadlines, feed, fileList, claims, parked] as unknown as readonly View[];
