import type { View } from '../view.ts';
import { accessTokens } from './access-tokens.ts';
import { approvals } from './approvals.ts';
import { alertList } from './alerts.ts';
import { audit } from './audit.ts';
import { accountBursts, networkBursts } from './bursts.ts';
import { claims } from './claims.ts';
import { conversationList } from './conversations.ts';
import { deadlines } from './deadlines.ts';
import { feed } from './feed.ts';
import { fileList } from './files.ts';
import { mcpContractList } from './mcp-contracts.ts';
import { mcpServers } from './mcp-servers.ts';
import { messageTree } from './messages.ts';
import { parked } from './parked.ts';
import { people } from './people.ts';
import { providerKeys } from './provider-keys.ts';
import { runList } from './runs.ts';
import { security } from './security.ts';

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
  mcpServers,
  mcpContractList,
  approvals,
  security,
  accountBursts,
  networkBursts,
  alertList,
] as unknown as readonly View[];
