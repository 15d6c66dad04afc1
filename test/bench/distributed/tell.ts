import { randomUUID } from 'node:crypto';
import { requestBytes, success, withConnections } from '../http-connection.ts';
import { type Bench, count, median, ms, quantile, type Row, timed } from '../measure.ts';
import { sampleMessage } from '../sample-log.ts';
import { type Installed, newConversation, withInstallation } from './annals.ts';
import { withServers } from './servers.ts';

const text = 'What did we decide about the garden last week, and who was going to bring the seeds? '.repeat(2);
const message = { parts: [{ type: 'text', text }], reply: false };

export const telling: Bench = {
  title: 'A message over HTTP, on servers',
  run: ({ quick }) =>
    withServers(['EVENTSTORE_URL', 'MONGODB_URL'], (servers) =>
      withInstallation(servers, ['api', 'workers'], (installed) =>
        compare(installed, quick ? 50 : 1000, `${servers.EVENTSTORE_URL.what}; ${servers.MONGODB_URL.what}`),
      ),
    ),
};

/** One after the other, so that neither waits for itself. */
function compare({ url, store }: Installed, turns: number, servers: string): Promise<Row[]> {
  return withConnections(url, 1, async ([connection]) => {
    if (!connection) throw new Error('There is no connection.');
    const request = requestBytes('POST', await newConversation(connection, url), { body: message });
    const stream = `bench-${randomUUID()}`;
    const [bare, told]: [number[], number[]] = [[], []];
    const warmUp = 100;
    for (let turn = -warmUp; turn < turns; turn += 1) {
      const event = sampleMessage('thread_bench', turn + warmUp);
      const appended = await timed(() => store.append(stream, [event], turn === -warmUp ? 'noStream' : BigInt(turn + warmUp - 1)));
      if (!appended.result.ok) throw new Error(`The append was answered with ${appended.result.code}.`);
      const sent = await timed(() => success(connection, request));
      if (turn < 0) continue;
      bare.push(appended.ms);
      told.push(sent.ms);
    }
    const added = told.map((time, turn) => time - (bare[turn] ?? 0));
    const figures = (part: number) => ({ figure: ms(quantile(told, part)), beside: ms(quantile(bare, part)), aim: '–', met: true });
    return [
      {
        what: `\`sendMessage\` over one connection, authorised, sealed and durable, views on, against a bare \`append\` of such an event through the adapter, ${count(turns)} in turn, p50 (${ms(median(added))} added); servers: ${servers}`,
        ...figures(0.5),
      },
      { what: `the same, p99 (${ms(quantile(added, 0.99))} added)`, ...figures(0.99) },
    ];
  });
}
