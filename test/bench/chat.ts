import { randomUUID } from 'node:crypto';
import type { Agent } from 'node:http';
import { z } from 'zod';
import { type AnnalsServer, startAnnalsServer } from './annals-server.ts';
import { keepAlive, readEvents } from './event-stream.ts';
import { requestBytes, success, withConnections } from './http-connection.ts';
import { type Bench, count, inFolder, median, ms, quantile, type Row } from './measure.ts';
import { startUpstream, type Upstream, type UpstreamOptions } from './upstream.ts';

interface Talk {
  readonly server: AnnalsServer;
  readonly upstream: Upstream;
  readonly agent: Agent;
  readonly token: string;
}

async function talking(options: UpstreamOptions, work: (talk: Talk) => Promise<readonly Row[]>): Promise<readonly Row[]> {
  const upstream = await startUpstream(options);
  const agent = keepAlive();
  try {
    return await inFolder(async (folder) => {
      const server = await startAnnalsServer(folder, { OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: 'none', ANNALS_MODEL: 'openai/bench' });
      try {
        return await work({ server, upstream, agent, token: await server.token('talker') });
      } finally {
        await server.kill('SIGTERM');
      }
    });
  } finally {
    agent.destroy();
    await upstream.close();
  }
}

const Started = z.object({ conversationId: z.string() });

async function threads({ server, token }: Talk, wanted: number): Promise<string[]> {
  const request = requestBytes('POST', `${server.url}/api/conversations`, { token, body: { title: 'Has one' } });
  return withConnections(server.url, 1, async ([connection]) => {
    const made: string[] = [];
    while (connection && made.length < wanted) made.push(Started.parse(JSON.parse((await success(connection, request)).body)).conversationId);
    return made;
  });
}

const Chunk = z.looseObject({ type: z.string(), delta: z.string().optional() });
/** The text in one frame of the AI SDK's UI message stream. */
function deltaOf(data: string): string {
  const chunk = data === '[DONE]' ? undefined : Chunk.parse(JSON.parse(data));
  return chunk?.type === 'text-delta' ? (chunk.delta ?? '') : '';
}

const chat = ({ server, agent, token }: Talk, id: string, onDelta: (delta: string) => void): Promise<void> =>
  readEvents(agent, {
    url: `${server.url}/aui/api/chat`,
    token,
    body: { id, messages: [{ id: randomUUID(), role: 'user', parts: [{ type: 'text', text: 'And the seeds?' }] }] },
    onData: (data) => {
      const delta = deltaOf(data);
      if (delta !== '') onDelta(delta);
    },
  });

/** The time to the first piece of text, in ms; the rest is read and thrown away. */
async function firstOf(read: (hear: (text: string) => void) => Promise<void>): Promise<number> {
  const sent = performance.now();
  let first: number | undefined;
  await read((text) => {
    if (text !== '') first ??= performance.now() - sent;
  });
  if (first === undefined) throw new Error('The answer had no text.');
  return first;
}

const direct = ({ upstream, agent }: Talk): Promise<number> =>
  firstOf((hear) =>
    readEvents(agent, {
      url: `${upstream.url}/chat/completions`,
      body: { model: 'bench', stream: true, messages: [{ role: 'user', content: 'And the seeds?' }] },
      onData: (data) => hear(data.includes('"content"') ? data : ''),
    }),
  );

export const firstToken: Bench = {
  title: 'The first token',
  run: ({ quick }) =>
    talking({ chunks: 5, everyMs: 0, chunk: (n) => `piece ${n} ` }, async (talk) => {
      const turns = quick ? 20 : 500;
      const bare: number[] = [];
      const through: number[] = [];
      const places = await threads(talk, Math.ceil(turns / 10) + 1);
      for (let warm = 0; warm < 50; warm += 1) await firstOf((hear) => chat(talk, places[0] ?? '', hear)).then(() => direct(talk));
      for (let turn = 0; turn < turns; turn += 1) {
        bare.push(await direct(talk));
        through.push(await firstOf((hear) => chat(talk, places[1 + Math.floor(turn / 10)] ?? '', hear)));
      }
      const added = through.map((time, turn) => time - (bare[turn] ?? 0));
      const [p50, p99] = [median(added), quantile(added, 0.99)];
      const figures = (part: number) => ({ figure: ms(quantile(through, part)), beside: ms(quantile(bare, part)) });
      return [
        {
          what: `from \`POST /aui/api/chat\` to its first text, against the same upstream called directly, ${count(turns)} turns one after the other, p50`,
          ...figures(0.5),
          aim: `≤ 5 ms added (${ms(p50)})`,
          met: p50 <= 5,
        },
        { what: 'the same, p99', ...figures(0.99), aim: `≤ 25 ms added (${ms(p99)})`, met: p99 <= 25 },
      ];
    }),
};

const WORDS = 'the quick brown fox jumps over lazy dogs'.split(' ');
const pieceOf = (n: number): string => `${n}:${WORDS[n % WORDS.length]} `;

export const streams: Bench = {
  title: 'Many streams at once',
  async run({ quick }) {
    const readers = quick ? 30 : 300;
    const chunks = quick ? 50 : 500;
    const everyMs = 20;
    return talking({ chunks, everyMs, chunk: pieceOf }, async (talk) => {
      const whole = Array.from({ length: chunks }, (_, n) => pieceOf(n)).join('');
      const places = await threads(talk, readers);
      let firstPiece = Number.POSITIVE_INFINITY;
      let equal = 0;
      let frames = 0;
      const gaps: number[] = [];
      await Promise.all(
        places.map(async (id) => {
          let text = '';
          let heard: number | undefined;
          await chat(talk, id, (delta) => {
            const now = performance.now();
            firstPiece = Math.min(firstPiece, now);
            if (heard !== undefined) gaps.push(now - heard);
            heard = now;
            text += delta;
            frames += 1;
          });
          if (text === whole) equal += 1;
        }),
      );
      const seconds = (performance.now() - firstPiece) / 1000;
      const ideal = ((chunks - 1) * everyMs) / 1000;
      return [
        {
          what: `${readers} answers of ${chunks} chunks at ${1000 / everyMs} a second each, all at once: texts that arrived whole and in order`,
          figure: `${equal} of ${readers}`,
          aim: 'none lost',
          met: equal === readers,
        },
        {
          what: `from the first chunk of the first to the last of the last (at that pace it takes ${ideal} s); ${count(frames)} frames`,
          figure: `${seconds.toFixed(1)} s`,
          aim: '–',
          met: true,
        },
        {
          what: 'between two frames of one stream, p50 (p99 beside it)',
          figure: ms(median(gaps)),
          beside: ms(quantile(gaps, 0.99)),
          aim: '–',
          met: true,
        },
      ];
    });
  },
};
