import { z } from 'zod';
import { MODEL_ACCESS_STREAM, ModelName, modelAccess } from '../domain/model-access.ts';
import { ORGANISATION } from '../domain/provider-key.ts';
import { Grantee } from '../domain/share.ts';
import { command } from './command.ts';
import { giversOnly } from './policy.ts';

/** Who may use a model; without an answer everybody may. Administrators always may. */
export const setModelAccess = command('setModelAccess', {
  input: z.object({ model: ModelName, to: z.array(Grantee).max(100).nullable() }),
  stream: () => MODEL_ACCESS_STREAM,
  policy: giversOnly(() => []),
  aggregate: modelAccess,
  subject: () => ORGANISATION,
});
