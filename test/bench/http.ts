import { z } from 'zod';
import { type AnnalsServer, startAnnalsServer } from './annals-server.ts';
import { requestBytes, sendOnce, underLoad } from './http-connection.ts';
import { type Bench, inFolder, interleaved, median, ms, quantile, rate, ratioOf } from './measure.ts';
import { startSpine } from './spine-process.ts';

const CONNECTIONS = 64;
const text = 'What did we decide about the garden last week, and who was going to bring the seeds? '.repeat(2);
const message = { parts: [{ type: 'text', text }], reply: false };

const Started = z.object({ conversationId: z.string() });

interface Writer {
  readonly token: string;
  readonly url: string;
}

/** A person with a conversation of their own for every connection. */
const writersOn = (server: AnnalsServer): Promise<Writer[]> =>
  Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, index) => {
      const token = await server.token(`writer${index}`);
      const { body } = await sendOnce(server.url, requestBytes('POST', `${server.url}/api/conversations`, { token, body: {} }));
      return { token, url: `${server.url}/api/conversations/${Started.parse(JSON.parse(body)).conversationId}/messages` };
    }),
  );

export const http: Bench = {
  title: 'Sending messages over HTTP',
  run: ({ quick }) =>
    inFolder((folder) =>
      inFolder(async (spineFolder) => {
        const server = await startAnnalsServer(folder);
        const spine = await startSpine(spineFolder);
        try {
          return await compare(server, spine, quick);
        } finally {
          await server.kill('SIGTERM');
          await spine.stop();
        }
      }),
    ),
};

async function compare(server: AnnalsServer, spine: { url: string; token: string }, quick: boolean) {
  const writers = await writersOn(server);
  const sending = writers.map(({ token, url }) => requestBytes('POST', url, { token, body: message }));
  const waiting = writers.slice(0, 1).map(({ token, url }) => requestBytes('POST', url, { token, body: message, headers: { prefer: 'wait=10' } }));
  const spineSending = writers.map((_, index) =>
    requestBytes('POST', `${spine.url}/threads/thread_${index}/messages`, { token: spine.token, body: message }),
  );

  const forMs = quick ? 500 : 5000;
  const annals = async () => {
    const load = await underLoad(server.url, forMs, sending);
    await Promise.all(waiting.map((request) => sendOnce(server.url, request)));
    return load;
  };
  const bare = () => underLoad(spine.url, forMs, spineSending);
  await annals();
  await bare();
  const loads = await interleaved(quick ? 1 : 5, { annals, bare });
  const single = await interleaved(quick ? 1 : 5, {
    plain: () => underLoad(server.url, forMs / 2, sending.slice(0, 1)),
    wait: () => underLoad(server.url, forMs / 2, waiting),
  });

  const rates = loads.annals.map((load) => load.perSecond);
  const spineRates = loads.bare.map((load) => load.perSecond);
  const ratio = ratioOf(rates, spineRates);
  const p99 = median(loads.annals.map(({ latencies }) => quantile(latencies, 0.99)));
  const spineP99 = median(loads.bare.map(({ latencies }) => quantile(latencies, 0.99)));
  const plain = median(single.plain.map(({ latencies }) => median(latencies)));
  const wait = median(single.wait.map(({ latencies }) => median(latencies)));
  return [
    {
      what: `\`sendMessage\` by ${CONNECTIONS} connections, each its own person and conversation: durable, authorised, views on, no answer; against the bare spine`,
      figure: rate(median(rates)),
      beside: rate(median(spineRates)),
      ratio,
      aim: '≥ 0.6×',
      met: ratio >= 0.6,
    },
    { what: 'its latency, p99', figure: ms(p99), beside: ms(spineP99), aim: '≤ 60 ms', met: p99 <= 60 },
    {
      what: 'one connection: `Prefer: wait` (every view shows the write) against the plain request, p50',
      figure: ms(wait),
      beside: ms(plain),
      aim: '≤ 5 ms more',
      met: wait - plain <= 5,
    },
  ];
}
