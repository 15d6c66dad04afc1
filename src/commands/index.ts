import * as accessRecords from './access-records.ts';
import * as account from './account.ts';
import * as alert from './alert.ts';
import * as conversation from './conversation.ts';
import * as file from './file.ts';
import * as identity from './identity.ts';
import * as imports from './import.ts';
import * as job from './job.ts';
import * as login from './login.ts';
import * as mail from './mail.ts';
import * as masking from './masking.ts';
import * as mcp from './mcp.ts';
import * as mcpAccess from './mcp-access.ts';
import * as mcpReleases from './mcp-releases.ts';
import * as modelAccess from './model-access.ts';
import * as person from './person.ts';
import * as prompt from './prompt.ts';
import * as providerKey from './provider-key.ts';
import * as reaction from './reaction.ts';
import * as retention from './retention.ts';
import * as role from './role.ts';
import * as run from './run.ts';
import * as session from './session.ts';
import * as share from './share.ts';
import * as title from './title.ts';

export const commands = {
  ...conversation,
  ...run,
  ...file,
  ...person,
  ...providerKey,
  ...reaction,
  ...title,
  ...alert,
  ...session,
  ...account,
  ...identity,
  ...login,
  ...mail,
  ...role,
  ...modelAccess,
  ...share,
  ...job,
  ...imports,
  ...masking,
  ...retention,
  ...mcp,
  ...mcpAccess,
  ...mcpReleases,
  ...prompt,
  ...accessRecords,
};
