import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { cleanUp, newFolder, startOn } from './processes.ts';

cleanUp();

const FORGED = 'annals: forged-line-of-a-visitor';
const attempts = ['\r\n', '%0d%0a', '%0A', '\u001b[2J\u001b[31m', '%1b%5b2J', '\u0085'].map((text) => `${text}${FORGED}`);

/** As it stands, because no client would send it. */
const send = (port: number, text: string): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(text));
    socket
      .on('error', () => undefined)
      .on('close', () => resolve())
      .resume();
  });

test('A26: nothing that a visitor sends begins a line of the server’s log, or reaches a terminal as a command', async () => {
  const server = await startOn(newFolder());
  const { port } = new URL(server.url);
  for (const text of attempts) {
    await send(Number(port), `GET /api/${text} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Request-Id: ${text}\r\nUser-Agent: ${text}\r\n\r\n`);
    await fetch(`${server.url}/users/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: text, name: text, email: `${text}@example.org` }),
    });
    await fetch(`${server.url}/api/conversations/${encodeURIComponent(text)}/messages?cursor=${encodeURIComponent(text)}`);
    await fetch(`${server.url}/api/views/${encodeURIComponent(text)}/rebuild`, { method: 'POST' });
  }
  expect(await server.kill('SIGTERM')).toBe(0);
  for (const line of server.output().split('\n')) {
    expect(line.startsWith(FORGED), line).toBe(false);
    expect(line).not.toMatch(/\p{Cc}/u);
  }
});
