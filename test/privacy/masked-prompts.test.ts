import { expect, test } from 'vitest';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import type { ModelRequest } from '../../src/adapters/model-provider/port.ts';
import { deleteConversation } from '../../src/commands/conversation.ts';
import { changeMaskingPolicy, setConversationMasking, setMaskedWords } from '../../src/commands/masking.ts';
import type { Sealed } from '../../src/domain/event.ts';
import { maskingStream, usualMasking } from '../../src/domain/masking/index.ts';
import { usualPrivacy } from '../../src/domain/privacy.ts';
import { runStream } from '../../src/domain/run/index.ts';
import { getConversationMasking, getMaskedWords, getMaskingPolicy } from '../../src/projections/queries/masking.ts';
import { getMessage } from '../../src/projections/queries/messages.ts';
import { askFor, endOf, eventsOf, settled, startThread, typesOf } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { administrator, person, readRun, textOf } from '../harness/memory-annals.ts';
import { called, said } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');
const privacy = { ...usualPrivacy, masking: { ...usualMasking, mode: 'all' as const } };

const lastText = ({ messages }: ModelRequest): string => {
  const last = messages.at(-1);
  return last?.role === 'user' ? last.content.map((part) => (part.type === 'text' ? part.text : '')).join('') : '';
};
/** Answers what it was asked, one character at a time. */
const echo = () => withModel((request) => said(...[...lastText(request)]));

test('no value that is found leaves, and everything that is kept or shown has it', async () => {
  const { played, options } = echo();
  const { kernel, disk } = await start({ ...options, privacy });
  await kernel.tell(ada, setMaskedWords({ words: ['Lovelace', 'Project X'] }));
  const text = 'Lovelace, ada@example.org, +49 30 1234567, ada@example.org and project x [EMAIL_7]';
  const asked = await askFor(kernel, ada, text);
  expect(textOf(await readRun(kernel, ada, asked.conversationId, asked.runId))).toBe(text);
  await settled(kernel, asked);
  expect((await endOf(disk, asked.runId)).text).toBe(text);
  const second = await askFor(kernel, ada, 'Again ada@example.org, and 192.168.0.7', { thread: asked.conversationId });
  await settled(kernel, second);
  const sent = JSON.stringify(played.calls);
  for (const value of ['ada@example.org', 'Lovelace', '1234567', 'project x', '192.168']) expect(sent).not.toContain(value);
  expect(played.calls.map(lastText)).toEqual(['[NAME_1], [EMAIL_1], [PHONE_1], [EMAIL_1] and [NAME_2] [EMAIL_7]', 'Again [EMAIL_1], and [IP_1]']);
  const shown = await kernel.ask(ada, getMessage({ conversationId: asked.conversationId, messageId: asked.question }));
  expect(shown.ok && shown.data.parts).toEqual([{ type: 'text', text }]);
});

test('a run records which kinds were masked, and how many; its thread shows it to its owner', async () => {
  const { kernel, disk } = await start({ ...echo().options, privacy });
  const asked = await askFor(kernel, ada, 'ada@example.org and bob@example.org, 192.168.0.7');
  await settled(kernel, asked);
  const [recorded] = (await eventsOf(disk, runStream(asked.runId))).filter(({ type }) => type === 'PromptMasked');
  expect(recorded?.data).toMatchObject({
    step: 0,
    kinds: [
      { kind: 'EMAIL', count: 2 },
      { kind: 'IP', count: 1 },
    ],
  });
  await until(async () => {
    const { conversationId } = asked;
    const found = await kernel.ask(ada, getConversationMasking({ conversationId }), { after: await disk.store.head() });
    return found.ok && found.data.runs[0]?.kinds.EMAIL === 2;
  });
  expect(await kernel.ask(person('bob'), getConversationMasking({ conversationId: asked.conversationId }))).toMatchObject({ ok: false });
});

test('a tool gets the arguments as they are meant, and the model its output masked', async () => {
  const { played, options } = withModel((_request, call) =>
    call === 1 ? called({ id: 'call1', name: 'unknown', input: { to: '[EMAIL_1]', note: ['for [NAME_1]'] } }) : said('Sent to [EMAIL_1].'),
  );
  const { kernel, disk } = await start({ ...options, privacy });
  await kernel.tell(ada, setMaskedWords({ words: ['Bob "the builder"'] }));
  const asked = await askFor(kernel, ada, 'Write to bob@example.org, that is Bob "the builder"');
  await settled(kernel, asked);
  const [step] = (await eventsOf(disk, runStream(asked.runId))).filter(({ type }) => type === 'StepCompleted');
  const opened = await createSealer(disk).open(step?.data.sealed as unknown as Sealed, step?.id);
  expect(opened).toMatchObject({ parts: [{ type: 'tool', input: { to: 'bob@example.org', note: ['for Bob "the builder"'] } }] });
  expect(JSON.stringify(played.calls[1])).not.toContain('bob@');
  expect(JSON.stringify(played.calls[1])).toContain('[EMAIL_1]');
  expect((await endOf(disk, asked.runId)).text).toBe('Sent to bob@example.org.');
});

test('a title is asked for with a masked prompt too', async () => {
  const prompts: string[] = [];
  const { options } = withModel(() => said('Fine'));
  const [provider] = options.providers ?? [];
  if (!provider) throw new Error('no provider');
  const stream = (request: ModelRequest) => {
    prompts.push(JSON.stringify(request));
    return provider.stream(request);
  };
  const spying = { ...provider, stream };
  const { kernel, disk } = await start({ providers: [spying], privacy });
  const asked = await askFor(kernel, ada, 'My address is ada@example.org');
  await until(async () => (await typesOf(disk, `title-${asked.conversationId}`)).includes('TitleCallEnded'));
  expect(prompts.length).toBeGreaterThan(1);
  expect(prompts.filter((prompt) => prompt.includes('ada@example.org'))).toEqual([]);
});

test('the installation says when, a thread may say otherwise, and a binding word stands', async () => {
  const { played, options } = echo();
  const { kernel } = await start(options);
  const conversationId = await startThread(kernel, ada);
  const masked = async (): Promise<boolean> => {
    await settled(kernel, await askFor(kernel, ada, 'ada@example.org', { thread: conversationId }));
    return lastText(played.calls.at(-1) as ModelRequest) === '[EMAIL_1]';
  };
  const change = (policy: Partial<typeof usualMasking>) =>
    kernel.tell(administrator, changeMaskingPolicy({ policy: { ...usualMasking, ...policy } }));
  expect(await masked()).toBe(false);
  await kernel.tell(ada, setConversationMasking({ conversationId, mode: 'on' }));
  expect(await masked()).toBe(true);
  await kernel.tell(ada, setConversationMasking({ conversationId, mode: 'usual' }));
  await change({ mode: 'foreign' });
  expect(await masked()).toBe(false);
  await change({ mode: 'foreign', own: [] });
  expect(await masked()).toBe(true);
  await kernel.tell(ada, setConversationMasking({ conversationId, mode: 'off' }));
  expect(await masked()).toBe(false);
  await change({ mode: 'all', binding: true });
  expect(await masked()).toBe(true);
  expect(await kernel.ask(ada, getMaskingPolicy({}))).toMatchObject({ data: { policy: { mode: 'all', binding: true } } });
  expect(await kernel.tell(ada, changeMaskingPolicy({ policy: usualMasking }))).toMatchObject({ ok: false, error: { code: 'Forbidden' } });
  expect(await kernel.tell(person('bob'), setConversationMasking({ conversationId, mode: 'off' }))).toMatchObject({ error: { code: 'NotFound' } });
});

test('what placeholders stand for is sealed, and erased with its thread', async () => {
  const { kernel, disk } = await start({ ...echo().options, privacy });
  const asked = await askFor(kernel, ada, 'ada@example.org');
  await settled(kernel, asked);
  const [assigned] = await eventsOf(disk, maskingStream(asked.conversationId));
  expect(JSON.stringify(assigned, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('example');
  const open = async () => createSealer(disk).open(assigned?.data.sealed as unknown as Sealed);
  expect(await open()).toEqual({ entries: [{ placeholder: '[EMAIL_1]', value: 'ada@example.org' }] });
  await kernel.tell(ada, deleteConversation({ conversationId: asked.conversationId }));
  await until(async () => (await open()) === '[erased]');
});

test('words are one’s own', async () => {
  const { kernel } = await start({ workers: false });
  const bob = person('bob');
  await kernel.tell(ada, setMaskedWords({ words: ['Secret'] }));
  expect(await kernel.ask(ada, getMaskedWords({}))).toMatchObject({ data: { words: ['Secret'] } });
  expect(await kernel.ask(bob, getMaskedWords({}))).toMatchObject({ data: { words: [] } });
  await kernel.tell(bob, setMaskedWords({ words: ['Other'] }));
  expect(await kernel.ask(ada, getMaskedWords({}))).toMatchObject({ data: { words: ['Secret'] } });
});
