import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { startFaultProxy } from '../harness/fault-proxy.ts';
import { until } from '../harness/until.ts';

/** Says back what it hears, and keeps what it heard of each connection. */
async function startEcho() {
  const heard: { text: string; ended: boolean; reset: boolean; socket: Socket }[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const one = { text: '', ended: false, reset: false, socket };
    heard.push(one);
    socket.on('data', (bytes) => {
      one.text += bytes.toString();
      socket.write(bytes);
    });
    socket.on('end', () => {
      one.ended = true;
      socket.end();
    });
    socket.on('error', () => {
      one.reset = true;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const { socket } of heard) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { heard, close, port: (server.address() as AddressInfo).port };
}

async function proxied() {
  const echo = await startEcho();
  const proxy = await startFaultProxy({ host: '127.0.0.1', port: echo.port });
  onTestFinished(async () => {
    await proxy.close();
    await echo.close();
  });
  return { echo, proxy, client: () => call(proxy.port) };
}

/** A connection with all that came over it so far. */
function call(port: number) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const came = { text: '', ended: false, closed: false, error: '' };
  socket.on('data', (bytes) => {
    came.text += bytes.toString();
  });
  socket.on('end', () => {
    came.ended = true;
  });
  socket.on('error', (error) => {
    came.error = 'code' in error ? String(error.code) : error.message;
  });
  socket.on('close', () => {
    came.closed = true;
  });
  onTestFinished(() => void socket.destroy());
  return { socket, came };
}

test('without a fault every byte comes through, and so does the end of either side', async () => {
  const { echo, proxy } = await proxied();
  const bytes = Buffer.alloc(3_000_000, 'annals');
  const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
  socket.end(bytes);
  expect((await buffer(socket)).equals(bytes)).toBe(true);
  expect(echo.heard).toMatchObject([{ ended: true, reset: false }]);
});

test('a cut resets every connection on both sides and every new one, until it is healed', async () => {
  const { echo, proxy, client } = await proxied();
  const clients = [client(), client()];
  for (const { socket, came } of clients) {
    socket.write('a');
    await until(() => came.text === 'a');
  }
  proxy.cut();
  for (const { came } of clients) await until(() => came.error === 'ECONNRESET' && came.closed);
  await until(() => echo.heard.every(({ reset }) => reset));
  const refused = client();
  refused.socket.write('b');
  await until(() => refused.came.closed);
  proxy.heal();
  const healed = client();
  healed.socket.write('c');
  await until(() => healed.came.text === 'c');
  expect(echo.heard.map(({ text }) => text)).toEqual(['a', 'a', 'c']);
});

test('while it is half open towards the server, the server hears nothing, and everything in order once it is healed', async () => {
  const { echo, proxy, client } = await proxied();
  const [before, lost] = [client(), client()];
  for (const { socket, came } of [before, lost]) {
    socket.write('1');
    await until(() => came.text === '1');
  }
  proxy.halfOpen('toServer');
  before.socket.write('2');
  lost.socket.write('2');
  const during = client();
  during.socket.end('3');
  await until(() => echo.heard.length === 3);
  echo.heard[0]?.socket.write('still speaking');
  await until(() => before.came.text === '1still speaking');
  lost.socket.resetAndDestroy();
  expect(echo.heard.map(({ text, ended, reset }) => ({ text, ended, reset }))).toEqual([
    { text: '1', ended: false, reset: false },
    { text: '1', ended: false, reset: false },
    { text: '', ended: false, reset: false },
  ]);
  proxy.heal();
  await until(() => before.came.text === '1still speaking2' && during.came.text === '3' && during.came.ended);
  await until(() => echo.heard[1]?.reset === true);
});

test('while it is half open towards the client, the server hears and the client does not', async () => {
  const { echo, proxy, client } = await proxied();
  const { socket, came } = client();
  proxy.halfOpen('toClient');
  socket.write('a');
  await until(() => echo.heard[0]?.text === 'a');
  proxy.halfOpen();
  socket.write('b');
  proxy.halfOpen('toClient');
  await until(() => echo.heard[0]?.text === 'ab');
  expect(came.text).toBe('');
  proxy.heal();
  await until(() => came.text === 'ab');
});

test('bytes, ends and resets that are held back when it is cut never come', async () => {
  const { echo, proxy, client } = await proxied();
  const [speaking, ending, resetting] = [client(), client(), client()];
  for (const [index, { socket, came }] of [speaking, ending, resetting].entries()) {
    socket.write(String(index));
    await until(() => came.text === String(index));
  }
  proxy.halfOpen('toServer');
  speaking.socket.write('lost');
  ending.socket.end();
  resetting.socket.resetAndDestroy();
  await until(() => resetting.came.closed);
  const direct = call(echo.port);
  direct.socket.write('3');
  await until(() => direct.came.text === '3');
  expect(echo.heard.map(({ text, ended, reset }) => ({ text, ended, reset }))).toEqual(
    ['0', '1', '2', '3'].map((text) => ({ text, ended: false, reset: false })),
  );
  proxy.delay(3_600_000);
  proxy.cut();
  await until(() => echo.heard.every(({ reset }, index) => reset || index === 3));
  expect(echo.heard.map(({ text, ended }) => ({ text, ended }))).toEqual(['0', '1', '2', '3'].map((text) => ({ text, ended: false })));
});

test('a delay holds bytes back in order, and ends when it is healed', async () => {
  const { echo, proxy, client } = await proxied();
  const { socket, came } = client();
  proxy.delay(1);
  for (let n = 0; n < 10; n += 1) socket.write(String(n));
  await until(() => came.text === '0123456789');
  proxy.delay(3_600_000);
  socket.end('a');
  const other = client();
  await until(() => echo.heard.length === 2);
  expect(echo.heard[0]).toMatchObject({ text: '0123456789', ended: false });
  proxy.heal();
  await until(() => came.text === '0123456789a' && came.ended);
  expect(other.came.text).toBe('');
});

test('a server that is gone resets its clients, and those who call it', async () => {
  const { echo, proxy, client } = await proxied();
  const { socket, came } = client();
  socket.write('a');
  await until(() => came.text === 'a');
  await echo.close();
  await until(() => came.ended || came.closed);
  const late = call(proxy.port);
  await until(() => late.came.closed);
  expect(late.came.text).toBe('');
});
