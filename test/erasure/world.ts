import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, caller, callTools, comes, exported, fillShelves, isWatched, type Plant, protectThread } from './filling.ts';
import type { House } from './house.ts';

/** Somebody whose every word is a canary: each is found by the marker, and told apart by its number. */
export interface Inhabitant {
  readonly person: string;
  readonly token: string;
  readonly marker: string;
  /** Every canary, by what it was. */
  readonly canaries: readonly string[];
  /** Of those, the ones that their own person finds in its feed, its profile and its files. */
  readonly readable: readonly string[];
  readonly fileIds: readonly string[];
  readonly conversationIds: readonly string[];
}

/** Lets somebody in through whoever administers the house, and fills everything that a person can fill, what belongs to a thread `threads` times. */
export async function settle(house: House, name: string, threads: number): Promise<Inhabitant> {
  const { url } = house;
  const marker = `kanari${name}${randomBytes(6).toString('hex')}`;
  const canaries: string[] = [];
  const apart: string[] = [];
  const plant: Plant = (what) => {
    const text = `${marker}-${String(canaries.length).padStart(3, '0')}-${what}`;
    canaries.push(text);
    return text;
  };
  const plantApart: Plant = (what) => {
    const text = plant(what);
    apart.push(text);
    return text;
  };
  const { person, token } = await comes(house, plantApart, marker);
  const ok = caller(url, token);
  await ok('PATCH', '/api/me', { name: plant('later-name'), picture: `https://example.com/${plant('picture')}`, timeZone: 'Europe/Berlin' });
  const apiKey = `sk-${plantApart('key')}`;
  await ok('POST', '/api/provider-keys', { provider: 'openai', apiKey, description: plant('key-description'), scopes: { models: ['none-*'] } });
  await ok('POST', '/aui/v1/events', { events: [{ kind: 'click', props: { note: plant('report') } }] });
  const promptName = await fillShelves(ok, plantApart);
  await callTools(house, ok, plantApart, marker);
  const fileIds: string[] = [];
  const conversationIds: string[] = [];
  for (let thread = 0; thread < threads; thread++) {
    const { conversationId = '' } = await ok('POST', '/api/conversations', { title: plant('first-title'), metadata: { note: plant('metadata') } });
    conversationIds.push(conversationId);
    await fillThread({ url, token, ok, plant, conversationId, fileIds, thread, promptName });
  }
  await isWatched(house, person, plantApart);
  await exported(ok);
  return { person, token, marker, canaries, readable: canaries.filter((each) => !apart.includes(each)), fileIds, conversationIds };
}

interface Filling {
  readonly url: string;
  readonly token: string;
  readonly ok: Call;
  readonly plant: Plant;
  readonly conversationId: string;
  readonly fileIds: string[];
  readonly thread: number;
  readonly promptName: string;
}

async function fillThread({ url, token, ok, plant, conversationId, fileIds, thread, promptName }: Filling): Promise<void> {
  const at = `/api/conversations/${conversationId}`;
  const ended = (runId: string | undefined): Promise<unknown> => ok('GET', `${at}/runs/${runId}/stream`);
  await ok('PUT', `${at}/title`, { title: plant('title') });
  await ok('PUT', `${at}/metadata`, { metadata: { note: plant('later-metadata') } });
  const upload = async (name: string, bytes: Buffer): Promise<string> => {
    const response = await fetch(`${url}/api/files?filename=${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` },
      body: new Uint8Array(bytes),
    });
    const { fileId } = (await response.json()) as { fileId: string };
    fileIds.push(fileId);
    return fileId;
  };
  const fileId = await upload(plant('file-name'), Buffer.from(`${plant('text-file')} and more`));
  await upload(plant('binary-name'), Buffer.concat([randomBytes(500), Buffer.from(plant('binary-file'), 'utf16le'), randomBytes(500)]));
  const first = await ok('POST', `${at}/messages`, {
    model: 'demo/demo',
    parts: [
      { type: 'text', text: `/think ${plant('thought')}\n/echo ${plant('answer')}\n${plant('message')}` },
      { type: 'file', fileId, filename: plant('name-of-part'), mediaType: 'text/plain' },
    ],
    metadata: { note: plant('metadata-of-message') },
  });
  await ended(first.runId);
  await ok('PUT', `${at}/messages/${first.replyId}/feedback`, { rating: 'negative', comment: plant('feedback') });
  await ok('POST', `${at}/messages/append`, { role: 'assistant', parentId: first.replyId, parts: [{ type: 'text', text: plant('appended') }] });
  await ok('PUT', `${at}/messages/${first.messageId}/content`, { parts: [{ type: 'text', text: plant('edit') }] });
  if (thread % 4 === 0) {
    const long = `${plant('long')} ${'and so on '.repeat(30_000)}`;
    await ok('POST', `${at}/messages`, { reply: false, parts: [{ type: 'text', text: long }] });
  }
  const masked = thread === 0 ? await protectThread(ok, at, plant) : '';
  const broken = await ok('POST', `${at}/messages`, { model: 'openai/refuser', parts: [{ type: 'text', text: `${plant('refused')} ${masked}` }] });
  await ended(broken.runId);
  if (thread === 0) {
    const prompted = await ok('POST', `${at}/messages`, {
      model: 'demo/demo',
      parts: [{ type: 'text', text: `/${promptName} who=${plant('prompt-call')}` }],
    });
    await ended(prompted.runId);
  }
  const card = await ok('POST', `${at}/messages`, {
    model: 'demo/demo',
    parts: [{ type: 'text', text: `/call postcard ${JSON.stringify({ to: plant('tool-argument') })}` }],
  });
  await ended(card.runId);
  let approvalId: string | undefined;
  for (; approvalId === undefined; await sleep(20)) {
    const { parts } = (await ok('GET', `${at}/messages/${card.replyId}`)) as unknown as { parts: { approval?: { id: string } }[] };
    approvalId = parts.find(({ approval }) => approval)?.approval?.id;
  }
  await ok('POST', `/api/runs/${card.runId}/approvals/${approvalId}`, { approved: true, reason: plant('reason') });
  for (let status = ''; status !== 'completed'; await sleep(20)) ({ status = '' } = await ok('GET', `/api/runs/${card.runId}`));
}

/** Everything that somebody gets to see of their own: their feed from its beginning, their files, their profile. */
export async function seenBy(url: string, { token, fileIds, readable }: Inhabitant, ms = 20_000): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}` };
  const texts: string[] = [];
  for (const fileId of fileIds) {
    const bytes = Buffer.from(await (await fetch(`${url}/api/files/${fileId}/content`, { headers })).arrayBuffer());
    texts.push(bytes.toString(), bytes.toString('utf16le'), bytes.subarray(1).toString('utf16le'));
  }
  texts.push(await (await fetch(`${url}/api/me`, { headers })).text());
  const found = (): string[] => readable.filter((each) => texts.some((text) => text.includes(each)));
  const over = AbortSignal.timeout(ms);
  try {
    const feed = await fetch(`${url}/api/events`, { headers, signal: over });
    for await (const chunk of feed.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      // Frames are cut anywhere.
      texts.push((texts.pop() ?? '') + chunk);
      if (found().length === readable.length) break;
    }
  } catch (error) {
    if (!over.aborted) throw error;
  }
  return found();
}
