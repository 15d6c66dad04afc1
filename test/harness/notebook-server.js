// A server of tools over stdio, of whichever era it is asked in. It writes each call into a file before it does anything, so that a test can count them.
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const folder = process.argv[2] ?? '.';
const inputSchema = { type: 'object', properties: { line: { type: 'string' } }, required: ['line'] };
const idempotent = { annotations: { idempotentHint: true } };
const tools = [
  { name: 'note', description: 'Writes a line.', inputSchema },
  { name: 'note_slowly', description: 'Writes a line, and is busy while there is a file named hold.', inputSchema },
  { name: 'note_again', description: 'The same; doing it twice does no harm.', inputSchema, ...idempotent },
];

serveStdio(() => {
  const server = new Server({ name: 'notebook', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({ tools }));
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: { line } = {} } }) => {
    appendFileSync(join(folder, 'calls'), `${JSON.stringify({ name, line, pid: process.pid, parent: process.ppid })}\n`);
    while (name !== 'note' && existsSync(join(folder, 'hold'))) await new Promise((resolve) => setTimeout(resolve, 50));
    return { content: [{ type: 'text', text: `written: ${line}` }] };
  });
  return server;
});
