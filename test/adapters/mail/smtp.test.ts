import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createFolderPost } from '../../../src/adapters/mail/folder.ts';
import { createSmtpPost } from '../../../src/adapters/mail/smtp.ts';

/** A server for mails as far as one client needs it: RFC 5321 without extensions. */
async function smtpServer(answerTo: (line: string) => string | undefined = () => undefined) {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let inData = false;
    socket.on('error', () => undefined);
    socket.write('220 here\r\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
        lines.push(line);
        if (inData && line !== '.') continue;
        const given = answerTo(line);
        if (line === 'DATA') inData = given === undefined;
        else if (line === '.') inData = false;
        socket.write(`${given ?? (line === 'DATA' ? '354 go on' : line === 'QUIT' ? '221 bye' : '250 fine')}\r\n`);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    lines,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
const from = 'Annals <annals@example.org>';
const message = { id: 'mail-1', to: 'ada@example.org', subject: 'A subject', text: 'A text.\n' };

test('a mail reaches the server with its id, from the set address to this one', async () => {
  const server = await smtpServer();
  const post = createSmtpPost({ url: server.url, from });
  expect(await post.send(message)).toEqual({ ok: true });
  const said = server.lines.join('\n');
  for (const part of [
    'MAIL FROM:<annals@example.org>',
    'RCPT TO:<ada@example.org>',
    'Message-ID: <mail-1@example.org>',
    'Subject: A subject',
    'A text.',
  ])
    expect(said).toContain(part);
  post.close();
  await server.stop();
});

test('what the server refuses for good is told apart from what it may take later, and neither names the recipient', async () => {
  const outcome = async (code: string) => {
    const server = await smtpServer((line) => (line.startsWith('RCPT') ? `${code} no ada@example.org` : undefined));
    const post = createSmtpPost({ url: server.url, from });
    const sent = await post.send(message);
    post.close();
    await server.stop();
    expect(JSON.stringify(sent)).not.toContain('ada@');
    return sent.ok ? 'sent' : sent.code;
  };
  expect([await outcome('550'), await outcome('451')]).toEqual(['Refused', 'Unavailable']);
});

test('a server that is not there is one that may come back', async () => {
  const server = await smtpServer();
  await server.stop();
  const post = createSmtpPost({ url: server.url, from });
  expect(await post.send(message)).toMatchObject({ ok: false, code: 'Unavailable' });
  post.close();
});

test('an address with a line break in it starts no other command', async () => {
  const server = await smtpServer();
  const post = createSmtpPost({ url: server.url, from });
  await post.send({ ...message, to: 'ada@example.org>\r\nRCPT TO:<eve@example.org' });
  expect(server.lines.filter((line) => /^RCPT TO:<eve@/i.test(line))).toEqual([]);
  post.close();
  await server.stop();
});

test('without a server nothing is sent, and that is known beforehand', async () => {
  const post = createFolderPost();
  expect([post.sends, (await post.send(message)).ok]).toEqual([false, false]);
});
