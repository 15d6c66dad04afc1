import { startAnnalsServer } from './annals-server.ts';
import { type Connection, requestBytes, sendOnce, success, underLoad, withConnections } from './http-connection.ts';
import { type Bench, inFolder, median, ms, quantile } from './measure.ts';

/** One person has so many conversations, all with titles; a page shows the fifty with the latest messages. */
export const list: Bench = {
  title: 'Listing conversations',
  run: ({ quick }) =>
    inFolder(async (folder) => {
      const server = await startAnnalsServer(folder);
      try {
        const token = await server.token('collector');
        const total = quick ? 500 : 10_000;
        let made = 0;
        const fill = async (connection: Connection): Promise<void> => {
          while (made < total) {
            made += 1;
            await success(
              connection,
              requestBytes('POST', `${server.url}/api/conversations`, { token, body: { title: `The garden, part ${made}` } }),
            );
          }
        };
        await withConnections(server.url, 32, (connections) => Promise.all(connections.map(fill)));
        await sendOnce(server.url, requestBytes('POST', `${server.url}/api/conversations`, { token, body: {}, headers: { prefer: 'wait=10' } }));
        const page = requestBytes('GET', `${server.url}/api/conversations?limit=50`, { token });
        await underLoad(server.url, quick ? 200 : 2000, [page]);
        const { latencies } = await underLoad(server.url, quick ? 500 : 10_000, [page]);
        return [
          {
            what: `a page of 50 of ${total.toLocaleString('en')} conversations over HTTP, titles opened, one connection, p50 (p99 beside it)`,
            figure: ms(median(latencies)),
            beside: ms(quantile(latencies, 0.99)),
            aim: '≤ 3 ms',
            met: median(latencies) <= 3,
          },
        ];
      } finally {
        await server.kill('SIGTERM');
      }
    }),
};
