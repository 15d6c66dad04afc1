import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { initialized, startRawMcp, tool } from '../harness/raw-mcp.ts';
import { until } from '../harness/until.ts';
import { startRefusingProvider } from './upstream.ts';

/** What an installation is surrounded by: a provider of models, a server for mails and one of tools. */
export interface Outside {
  /** Settings with which a server uses all of it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly post: Post;
  /** Where a server of tools says what stands in the search of its address. */
  readonly toolsUrl: string;
  close(): Promise<void>;
}

interface Post {
  /** The secret in the link of the last mail to this address. */
  secretFor(email: string): Promise<string>;
  /** From now on mails to this address are not taken. */
  refuse(email: string): void;
}

export async function startOutside(): Promise<Outside> {
  const [provider, post, tools] = await Promise.all([startRefusingProvider(), startPost(), startTools()]);
  return {
    post,
    toolsUrl: tools.url,
    environment: {
      OPENAI_API_KEY: 'sk-none',
      OPENAI_BASE_URL: provider.url,
      ANNALS_PASSWORD_LOGIN: 'on',
      ANNALS_REGISTRATION: 'open',
      ANNALS_PUBLIC_URL: 'http://annals.example',
      ANNALS_SMTP_URL: post.url,
      ANNALS_MAIL_FROM: 'Annals <annals@example.org>',
      ANNALS_PRIVATE_ADDRESSES: '127.0.0.0/8',
      ANNALS_COSTLY_PER_MINUTE: '0',
    },
    close: async () => void (await Promise.all([provider.close(), post.close(), tools.close()])),
  };
}

/** RFC 5321 without extensions; what it takes is kept. */
async function startPost(): Promise<Post & { readonly url: string; close(): Promise<void> }> {
  const mails: { to: string; text: string }[] = [];
  const refused = new Set<string>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let to = '';
    let text: string[] | undefined;
    const answer = (line: string): string | undefined => {
      if (text === undefined) {
        to = /^RCPT TO:<(.*)>/.exec(line)?.[1] ?? to;
        if (refused.has(to) && line.startsWith('RCPT')) return '451 later';
        if (line !== 'DATA') return line === 'QUIT' ? '221 bye' : '250 fine';
        text = [];
        return '354 go on';
      }
      if (line !== '.') return void text.push(line);
      mails.push({ to, text: unfolded(text.join('\n')) });
      text = undefined;
      return '250 fine';
    };
    let rest = '';
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.write('220 here\r\n');
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const said of lines.map(answer)) if (said !== undefined) socket.write(`${said}\r\n`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: (email) => void refused.add(email),
    secretFor: async (email) => {
      const last = () => /#([\w.-]+)/.exec(mails.findLast(({ to }) => to === email)?.text ?? '')?.[1];
      await until(() => last() !== undefined);
      return last() ?? '';
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((closed) => void server.close(() => closed()));
    },
  };
}

/** Of quoted-printable, RFC 2045 section 6.7. */
const unfolded = (text: string): string =>
  text.replaceAll('=\n', '').replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** One server for everybody: what it calls itself, offers and answers stands in the address under which it is called. */
function startTools() {
  return startRawMcp(({ method }, { url = '' }) => {
    const { name = 'tool', server = 'raw', about = '', does = '', result = '' } = Object.fromEntries(new URL(url, 'http://here').searchParams);
    if (method === 'initialize') return { result: { ...initialized, serverInfo: { name: server, version: '1' }, instructions: about } };
    if (method === 'tools/list') return { result: { tools: [tool(name, { description: does, inputSchema: anything })] } };
    if (method === 'tools/call') return { result: { content: [{ type: 'text', text: result }] } };
    return undefined;
  });
}
const anything = { type: 'object', properties: { note: { type: 'string' } } };
