import * as account from './account.ts';
import * as alert from './alert.ts';
import * as conversation from './conversation.ts';
import * as file from './file.ts';
import * as imports from './import.ts';
import * as job from './job.ts';
import * as masking from './masking.ts';
import * as identity from './identity.ts';
import * as login from './login.ts';
import * as mail from './mail.ts';
import * as modelAccess from './model-access.ts';
import * as person from './person.ts';
import * as providerKey from './provider-key.ts';
import * as reaction from './reaction.ts';
import * as role from './role.ts';
import * as retention from './retention.ts';
import * as run from './run.ts';
import * as session from './session.ts';
import * as share from './share.ts';
import * as title from './title.ts';

/** Every command there is, by name of its declaration. */
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
  ...login,
  ...role,
  ...modelAccess,
  ...share,
  ...session,
  ...identity,
  ...login,
  ...job,
  ...file,
  ...imports,
  ...job,
  ...masking,
  ...identity,
  ...login,
  ...person,
  ...providerKey,
  ...reaction,
  ...retention,
  ...run,
  ...session,
  ...title,
};
