import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';

export interface Upstream {
  /** What `OPENAI_BASE_URL` takes. */
  readonly url: string;
  close(): Promise<void>;
}

export interface UpstreamOptions {
  /** How many pieces an answer has. */
  readonly chunks: number;
  /** Between two pieces, in ms; 0 sends all at once. */
  readonly everyMs: number;
  /** The n-th piece. */
  readonly chunk: (n: number) => string;
}

const frame = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'bench', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

/** A server that speaks OpenAI's chat completions and begins to answer at once. */
export async function startUpstream({ chunks, everyMs, chunk }: UpstreamOptions): Promise<Upstream> {
  const streaming = new Map<ServerResponse, number>();
  const step = (response: ServerResponse, n: number): void => {
    response.write(frame({ content: chunk(n) }, null));
    if (n + 1 < chunks) return void streaming.set(response, n + 1);
    streaming.delete(response);
    response.end(`${frame({}, 'stop')}data: [DONE]\n\n`);
  };
  const stepAll = (): void => {
    for (const [response, n] of [...streaming]) step(response, n);
  };
  const timer = everyMs === 0 ? undefined : setInterval(stepAll, everyMs);
  const server = createServer(async (request, response) => {
    if (request.method === 'GET')
      return void response.setHeader('content-type', 'application/json').end('{"object":"list","data":[{"id":"bench","object":"model"}]}');
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    if (!body.includes('"stream":true')) {
      return void response
        .setHeader('content-type', 'application/json')
        .end('{"choices":[{"index":0,"message":{"role":"assistant","content":"A title"},"finish_reason":"stop"}]}');
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (everyMs > 0) return step(response, 0);
    for (let n = 0; n < chunks; n += 1) step(response, n);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`,
    async close() {
      clearInterval(timer);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
