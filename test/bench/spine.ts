import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import express from 'express';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { openSqliteEventStore } from '../../src/adapters/event-store/sqlite.ts';
import { encrypt } from '../../src/adapters/key-vault/aes-gcm.ts';
import { Part } from '../../src/domain/message.ts';
import { sampleMessage } from './sample-log.ts';

/**
 * The bare spine of the same stack, a process of its own: Express, a verified JWT, a parsed body, one sealed text, two events appended durably. No policy,
 * no idempotency, no conversation, no views: what nobody could leave out. Says where it listens and a token, as a line of JSON; ends on SIGTERM.
 */
async function serve(folder: string): Promise<void> {
  const store = await openSqliteEventStore({ folder });
  const signing = createSecretKey(randomBytes(32));
  const sealing = createSecretKey(randomBytes(32));
  const Body = z.object({ parts: z.array(Part).min(1), reply: z.boolean().default(true) });
  const Claims = z.object({ sub: z.string(), exp: z.number() });
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.post('/threads/:thread/messages', express.json(), async (req, res) => {
    const { payload } = await jwtVerify(req.headers.authorization?.slice('Bearer '.length) ?? '', signing, {
      algorithms: ['HS256'],
      issuer: 'spine',
    });
    const { sub } = Claims.parse(payload);
    const { parts } = Body.parse(req.body);
    const id = randomUUID();
    const c = encrypt(sealing, id, JSON.stringify(parts)).toString('base64');
    const { data, ...rest } = sampleMessage(req.params.thread, 0);
    const sent = { ...rest, id, data: { ...data, sealed: { k: sub, a: id, c } } };
    const requested = {
      ...rest,
      id: randomUUID(),
      type: 'ReplyRequested',
      data: { conversationId: req.params.thread, messageId: `msg_${randomUUID()}` },
    };
    const appended = await store.append(`conversation-${req.params.thread}`, [sent, requested], 'any');
    res.status(appended.ok ? 201 : 503).json(appended.ok ? { messageId: data.messageId, position: appended.position } : appended);
  });
  const token = await new SignJWT({ sub: 'person_spine' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('spine')
    .setExpirationTime('1h')
    .sign(signing);
  const server = app.listen(0, '127.0.0.1', () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, token })}\n`);
  });
  process.once('SIGTERM', () => {
    server.close();
    server.closeAllConnections();
    void store.close();
  });
}

await serve(process.argv[2] ?? '');
