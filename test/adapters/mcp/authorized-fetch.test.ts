import fc from 'fast-check';
import { expect, test } from 'vitest';
import { authorizedFetch } from '../../../src/adapters/mcp/authorized-fetch.ts';

const server = 'https://files.example/mcp';

test('a token is put on what goes to the origin of its server, and on nothing else, whatever the address looks like', async () => {
  const heard: [string, string | null][] = [];
  const fetch = authorizedFetch(
    async (url, init) => {
      heard.push([String(url), new Headers(init?.headers).get('authorization')]);
      return new Response();
    },
    server,
    { current: async () => ({ token: 'secret', generation: 1 }), renewed: async () => undefined },
  );
  const near = fc.constantFrom('http://files.example/', 'https://files.example:8443/', 'https://files.example.evil/', 'https://evil/files.example');
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.webUrl(), near, fc.constantFrom(server, 'https://FILES.example/other?x=1')), async (url) => {
      await fetch(url, { headers: { authorization: 'Bearer of the registration' } });
      const [, sent] = heard.at(-1) ?? [];
      expect(sent).toBe(new URL(url).origin === 'https://files.example' ? 'Bearer secret' : 'Bearer of the registration');
    }),
  );
});

test('without a token no request is made, and one that is refused is made once more, with another one', async () => {
  const heard: (string | null)[] = [];
  const answering = (tokens: readonly string[], renewed: string | undefined) =>
    authorizedFetch(
      async (_url, init) => {
        const given = new Headers(init?.headers).get('authorization');
        heard.push(given);
        return new Response(null, { status: given === 'Bearer good' ? 200 : 401 });
      },
      server,
      {
        current: async () => (tokens[0] === undefined ? undefined : { token: tokens[0], generation: 1 }),
        renewed: async () => (renewed === undefined ? undefined : { token: renewed, generation: 2 }),
      },
    );
  expect((await answering([], 'good')(server)).status).toBe(401);
  expect(heard).toEqual([]);
  expect((await answering(['old'], 'good')(server)).status).toBe(200);
  expect((await answering(['old'], undefined)(server)).status).toBe(401);
  expect((await answering(['old'], 'bad')(server)).status).toBe(401);
  expect(heard).toEqual(['Bearer old', 'Bearer good', 'Bearer old', 'Bearer old', 'Bearer bad']);
});
