import type { View } from '../view.ts';
import { accessTokens } from './access-tokens.ts';
import { alertList } from './alerts.ts';
import { approvals } from './approvals.ts';
import { attachments } from './attachments.ts';
import { audit } from './audit.ts';
import { accountBursts, networkBursts } from './bursts.ts';
import { claims } from './claims.ts';
import { conversationList } from './conversations.ts';
import { deadlines } from './deadlines.ts';
import { exportFiles } from './exports.ts';
import { feed } from './feed.ts';
import { fileList } from './files.ts';
import { invitationList } from './invitations.ts';
import { jobList } from './jobs.ts';
import { loginList } from './logins.ts';
import { mailList } from './mails.ts';
import { maskedPrompts } from './masked-prompts.ts';
import { mcpCalls } from './mcp-calls.ts';
import { mcpContractList } from './mcp-contracts.ts';
import { mcpLogins } from './mcp-logins.ts';
import { mcpReleaseList } from './mcp-releases.ts';
import { mcpServers } from './mcp-servers.ts';
import { messageTree } from './messages.ts';
import { parked } from './parked.ts';
import { people } from './people.ts';
import { prompts, promptVersions } from './prompts.ts';
import { providerKeys } from './provider-keys.ts';
import { retentionDue } from './retention.ts';
import { roleList } from './roles.ts';
import { runList } from './runs.ts';
import { security } from './security.ts';
import { openSessions } from './sessions.ts';
import { shareList } from './shares.ts';
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
  prompts,
  promptVersions,
  mcpServers,
  mcpContractList,
  mcpCalls,
  mcpLogins,
  mcpReleaseList,
  approvals,
  security,
  accountBursts,
  networkBursts,
  alertList,
  invitationList,
  mailList,
  retentionDue,
  maskedPrompts,
  usageByDay,
  exportFiles,
  jobList,
  openSessions,
  loginList,
  attachments,
  roleList,
  shareList,
] as unknown as readonly View[];
