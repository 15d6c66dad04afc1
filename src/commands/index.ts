import * as conversation from './conversation.ts';
import * as file from './file.ts';
import * as mcp from './mcp.ts';
import * as person from './person.ts';
import * as prompt from './prompt.ts';
import * as providerKey from './provider-key.ts';
import * as reaction from './reaction.ts';
import * as run from './run.ts';
import * as title from './title.ts';

/** Every command there is, by name of its declaration. */
export const commands = { ...conversation, ...run, ...file, ...person, ...providerKey, ...reaction, ...title, ...prompt, ...mcp };
