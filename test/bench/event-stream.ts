import { Agent, request } from 'node:http';

export interface StreamRequest {
  readonly url: string;
  readonly token?: string;
  readonly body: object;
  /** Hears the data of every event, in order. */
  readonly onData: (data: string) => void;
}

/** Keeps connections between requests, as browsers and SDKs do. */
export const keepAlive = (): Agent => new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** Posts, and reads the server-sent events of the answer to their end. */
export function readEvents(agent: Agent, { url, token, body, onData }: StreamRequest): Promise<void> {
  const json = JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(json)),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', agent, headers }, (response) => {
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        rest += chunk;
        if (response.statusCode !== 200) return;
        const frames = rest.split('\n\n');
        rest = frames.pop() ?? '';
        for (const frame of frames) if (frame.startsWith('data: ')) onData(frame.slice('data: '.length));
      });
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}: ${rest}`))));
      response.on('error', reject);
    });
    sending.on('error', reject);
    sending.end(json);
  });
}
