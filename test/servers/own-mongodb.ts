import { afterAll } from 'vitest';
import { startMongoServer } from './mongodb/index.ts';
import { EACH_ITS_OWN } from './setup.ts';

if (process.env[EACH_ITS_OWN]) {
  const server = await startMongoServer();
  if ('unavailable' in server) throw new Error(server.unavailable);
  process.env.MONGODB_URL = server.url;
  afterAll(() => server.close());
}
