import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A provider of models that refuses every request, and repeats in its refusal what it was sent, as some do. */
export async function startRefusingProvider(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      res.setHeader('content-type', 'application/json');
      if (req.method === 'GET') return res.end(JSON.stringify({ object: 'list', data: [{ id: 'refuser', object: 'model' }] }));
      const { messages = [] } = JSON.parse(Buffer.concat(chunks).toString()) as { messages?: { content: unknown }[] };
      res.statusCode = 400;
      return res.end(
        JSON.stringify({ error: { message: `Cannot answer: ${JSON.stringify(messages.at(-1)?.content)}`, type: 'invalid_request_error' } }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
