import { expect, test } from 'vitest';
import { createFetch } from '../../src/adapters/model-provider/transport.ts';
import { isPublicAddress } from '../../src/adapters/public-address.ts';
import { serve } from './model-provider/raw-server.ts';

test.each(['1.1.1.1', '172.15.255.255', '172.32.0.0', '100.63.255.255', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test.each([
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '2001:db8::1',
  '2001::1',
  '2002:7f00:1::',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%lo',
  'ff02::1',
  'not an address',
])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false));

test('nothing is sent into a private network, however its address is written', async () => {
  const server = await serve((_request, response) => response.end('{}'));
  const { port } = new URL(server.url);
  const fetch = createFetch({ publicOnly: true });
  for (const host of [
    '127.0.0.1',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '017700000001',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '127.0.0.1.',
  ])
    await expect(fetch(`http://${host}:${port}/`), host).rejects.toThrow('private network');
  expect(server.headers).toEqual([]);
  expect((await createFetch()(server.url)).status).toBe(200);
  await server.close();
});
