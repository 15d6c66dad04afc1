import * as conversation from './conversation.ts';
import * as file from './file.ts';
import * as identity from './identity.ts';
import * as imports from './import.ts';
import * as job from './job.ts';
import * as login from './login.ts';
import * as masking from './masking.ts';
import * as person from './person.ts';
import * as providerKey from './provider-key.ts';
import * as reaction from './reaction.ts';
import * as retention from './retention.ts';
import * as run from './run.ts';
import * as session from './session.ts';
import * as title from './title.ts';

/** Every command there is, by name of its declaration. */
export const commands = {
  ...conversation,
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
