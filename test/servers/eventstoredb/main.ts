import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ServerCredentials } from '@grpc/grpc-js';
import { z } from 'zod';
import { serve } from './server.ts';
import { openStore } from './store.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    port: { type: 'string', default: '0' },
    anonymous: { type: 'string', default: 'admin' },
    admin: { type: 'string', multiple: true, default: [] },
    user: { type: 'string', multiple: true, default: [] },
    certificate: { type: 'string' },
    key: { type: 'string' },
  },
});

const options = z
  .object({ data: z.string(), port: z.coerce.number().int(), anonymous: z.enum(['admin', 'user', 'refused']) })
  .parse({ data: values.data, port: values.port, anonymous: values.anonymous });
const logins = new Map([...values.admin.map((login) => [login, 'admin'] as const), ...values.user.map((login) => [login, 'user'] as const)]);
const credentials =
  values.certificate && values.key
    ? ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(values.certificate), private_key: readFileSync(values.key) }])
    : ServerCredentials.createInsecure();

process.once('SIGTERM', () => process.exit());
const port = await serve(openStore(options.data), { anonymous: options.anonymous, logins }, credentials, options.port);
console.log(`A test double of EventStoreDB 22.10 listens on 127.0.0.1:${port}`);
