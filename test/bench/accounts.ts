import { randomInt } from 'node:crypto';
import { openHouse } from '../erasure/house.ts';
import { type Outside, startOutside } from '../erasure/outside.ts';
import { startServerProcess } from '../harness/server-process.ts';
import { type Bench, inFolder, median, ms } from './measure.ts';

const PROXY = 'the secret of the proxy of the benchmark';
/** So often an address may be tried within a quarter of an hour. */
const TRIES = 10;
/** Apart they must not be told by. */
const MOST_MS = 5;

type Ask = (path: string, body: object) => Promise<number>;

/** As a proxy passes them on: each request from a network of its own, since a client has only so many tries. */
function asking(url: string): Ask {
  return async (path, body) => {
    const headers = {
      'content-type': 'application/json',
      'x-annals-proxy-secret': PROXY,
      'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`,
    };
    const began = performance.now();
    const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    await response.arrayBuffer();
    const took = performance.now() - began;
    if (![202, 401].includes(response.status)) throw new Error(`${path} answered ${response.status}`);
    return took;
  };
}

async function invited({ url, post }: { url: string } & Pick<Outside, 'post'>, administrator: string, email: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const send = (path: string, body: object, more: object = {}) =>
    fetch(url + path, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
  await send('/api/invitations', { email }, { authorization: `Bearer ${administrator}` });
  const made = await send('/api/invitations/redeem', { secret: await post.secretFor(email), password: `the password of ${email.slice(0, 8)} here` });
  if (made.status !== 201) throw new Error(`no account: ${made.status}`);
}

const doors: readonly (readonly [path: string, what: string, more: object])[] = [
  ['/api/login', 'a login with a wrong password', { password: 'not the password of anybody' }],
  ['/api/password-resets', 'asking for a new password', {}],
  ['/api/registrations', 'asking for an account', {}],
];

/** Whether somebody's having an account shows in how long an answer takes. Known and unknown addresses take turns, each tried ten times at each door. */
export const accounts: Bench = {
  title: 'Known and unknown addresses',
  run: ({ quick }) =>
    inFolder(async (folder) => {
      const around = await startOutside();
      const server = await startServerProcess(folder, { ...around.environment, ANNALS_TRUSTED_PROXIES: '127.0.0.1', ANNALS_PROXY_SECRET: PROXY });
      try {
        const { administrator } = await openHouse(server.url, around);
        const known = Array.from({ length: quick ? 3 : 21 }, (_, n) => `somebody-${n}@example.org`);
        for (const email of known) await invited({ url: server.url, post: around.post }, administrator, email);
        const ask = asking(server.url);
        const rows = [];
        for (const [path, what, more] of doors) {
          const times = { known: [] as number[], unknown: [] as number[] };
          for (const [index, email] of known.entries())
            for (let turn = 0; turn < TRIES; turn++) {
              const pair = [
                ['known', email],
                ['unknown', email.replace('somebody', `nobody${path.length}`)],
              ] as const;
              for (const [kind, address] of turn % 2 === 0 ? pair : pair.toReversed()) {
                const took = await ask(path, { email: address, ...more });
                if (index > 0) times[kind].push(took);
              }
            }
          const apart = Math.abs(median(times.known) - median(times.unknown));
          rows.push({
            what: `${what}: medians of ${times.known.length} with known addresses and ${times.unknown.length} with unknown ones (${ms(median(times.known))} and ${ms(median(times.unknown))}), how far apart`,
            figure: ms(apart),
            aim: `≤ ${MOST_MS} ms`,
            met: apart <= MOST_MS,
          });
        }
        return rows;
      } finally {
        await server.kill('SIGTERM');
        await around.close();
      }
    }),
};
