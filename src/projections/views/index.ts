import type { View } from '../view.ts';
import { accessTokens } from './access-tokens.ts';
import { audit } from './audit.ts';
import { claims } from './claims.ts';
import { conversationList } from './conversations.ts';
import { deadlines } from './deadlines.ts';
import { exportFiles } from './exports.ts';
import { feed } from './feed.ts';
import { fileList } from './files.ts';
import { jobList } from './jobs.ts';
import { loginList } from './logins.ts';
import { maskedPrompts } from './masked-prompts.ts';
import { messageTree } from './messages.ts';
import { parked } from './parked.ts';
import { people } from './people.ts';
import { providerKeys } from './provider-keys.ts';
import { retentionDue } from './retention.ts';
import { runList } from './runs.ts';
import { openSessions } from './sessions.ts';
import { usageByDay } from './usage.ts';

/** Every view there is. */
export const views = [
  audit,
  conversationList,
  messageTree,
  runList,
  deadlines,
  feed,
  fileList,
  claims,
  parked,
  providerKeys,
  people,
  accessTokens,
  retentionDue,
  maskedPrompts,
  usageByDay,
  exportFiles,
  jobList,
  openSessions,
  loginList,
] as unknown as readonly View[];
