import * as approvals from './approvals.ts';
import * as assistantUiFiles from './assistant-ui-files.ts';
import * as assistantUiMessages from './assistant-ui-messages.ts';
import * as assistantUiRuns from './assistant-ui-runs.ts';
import * as assistantUiThreads from './assistant-ui-threads.ts';
import * as audit from './audit.ts';
import * as conversations from './conversations.ts';
import * as events from './events.ts';
import * as files from './files.ts';
import * as mcp from './mcp.ts';
import * as mcpTools from './mcp-tools.ts';
import * as messages from './messages.ts';
import * as operations from './operations.ts';
import * as people from './people.ts';
import * as prompts from './prompts.ts';
import * as providerKeys from './provider-keys.ts';
import * as runs from './runs.ts';

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
  ...assistantUiThreads,
  ...assistantUiMessages,
  ...assistantUiRuns,
  ...assistantUiFiles,
  ...prompts,
  ...mcp,
  ...mcpTools,
  ...approvals,
};
