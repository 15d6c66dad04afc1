import * as analytics from './analytics.ts';
import * as approvals from './approvals.ts';
import * as assistantUiFiles from './assistant-ui-files.ts';
import * as assistantUiMessages from './assistant-ui-messages.ts';
import * as assistantUiRuns from './assistant-ui-runs.ts';
import * as assistantUiThreads from './assistant-ui-threads.ts';
import * as audit from './audit.ts';
import * as conversations from './conversations.ts';
import * as events from './events.ts';
import * as exports from './exports.ts';
import * as files from './files.ts';
import * as invitations from './invitations.ts';
import * as jobs from './jobs.ts';
import * as logins from './logins.ts';
import * as mails from './mails.ts';
import * as masking from './masking.ts';
import * as mcp from './mcp.ts';
import * as mcpCompatibility from './mcp-compatibility.ts';
import * as mcpDependencies from './mcp-dependencies.ts';
import * as mcpTools from './mcp-tools.ts';
import * as mcpUpdates from './mcp-updates.ts';
import * as messages from './messages.ts';
import * as operations from './operations.ts';
import * as people from './people.ts';
import * as privacy from './privacy.ts';
import * as prompts from './prompts.ts';
import * as providerKeys from './provider-keys.ts';
import * as retention from './retention.ts';
import * as roles from './roles.ts';
import * as runs from './runs.ts';
import * as security from './security.ts';
import * as sessions from './sessions.ts';
import * as shares from './shares.ts';

/** Every query there is, by name of its declaration. */
export const queries = {
  ...audit,
  ...conversations,
  ...messages,
  ...runs,
  ...files,
  ...events,
  ...operations,
  ...people,
  ...providerKeys,
  ...invitations,
  ...mails,
  ...assistantUiThreads,
  ...assistantUiMessages,
  ...assistantUiRuns,
  ...assistantUiFiles,
  ...prompts,
  ...mcp,
  ...mcpTools,
  ...mcpCompatibility,
  ...mcpDependencies,
  ...mcpUpdates,
  ...approvals,
  ...security,
  ...analytics,
  ...masking,
  ...exports,
  ...retention,
  ...jobs,
  ...privacy,
  ...sessions,
  ...logins,
  ...roles,
  ...shares,
};
