import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { asModelError } from '../../../src/adapters/model-provider/provider-error.ts';
import { createFetch } from '../../../src/adapters/model-provider/transport.ts';
import { until } from './calls.ts';
import { serve } from './raw-server.ts';

test('a server that takes the call but never shakes hands is given up within the time to connect', async () => {
  const silent = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const failed = await createFetch({ connectTimeout: 20 })(`https://127.0.0.1:${port}/`).catch(asModelError);
  expect(failed).toMatchObject({ code: 'Timeout', retryable: true });
  await until(() => new Promise((resolve) => silent.getConnections((_error, count) => resolve(count === 0))));
  await new Promise((resolve) => silent.close(resolve));
});

test('a connected server may take its time: the time to connect is over once connected', async () => {
  const server = await serve((_request, response) => {
    setTimeout(() => response.end('late'), 60);
  });
  expect(await (await createFetch({ connectTimeout: 20 })(server.url)).text()).toBe('late');
  await server.close();
});

test('the signal closes the socket while headers are awaited', async () => {
  const server = await serve(() => {});
  const controller = new AbortController();
  const failed = createFetch()(server.url, { signal: controller.signal, method: 'POST', body: '{}' }).catch((error: unknown) => error);
  await until(() => server.bodies.length === 1);
  controller.abort();
  expect(await failed).toMatchObject({ name: 'AbortError' });
  await until(async () => (await server.connections()) === 0);
  await server.close();
});

test('a redirect is handed back, not followed', async () => {
  const server = await serve((_request, response) => response.writeHead(307, { location: '/elsewhere' }).end());
  const response = await createFetch()(server.url, { method: 'POST', body: '{}', headers: { authorization: 'Bearer secret' } });
  expect([response.status, server.bodies.length]).toEqual([307, 1]);
  await server.close();
});

test('a body that is large and slow to be read arrives whole', async () => {
  const sent = Buffer.alloc(3_000_000, 'abcdefghij');
  const server = await serve((_request, response) => response.end(sent));
  const response = await createFetch()(server.url);
  expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), sent)).toBe(0);
  await server.close();
});

test('a connection is kept for the next call, and for no other fetch', async () => {
  const ports: (number | undefined)[] = [];
  const server = await serve((request, response) => {
    ports.push(request.socket.remotePort);
    response.end('here');
  });
  const [one, other] = [createFetch(), createFetch()];
  for (const use of [one, one, other]) expect(await (await use(server.url)).text()).toBe('here');
  expect(ports[1]).toBe(ports[0]);
  expect(ports[2]).not.toBe(ports[0]);
  await server.close();
});
