import { describe, expect, test } from 'vitest';
import { START } from '../../src/adapters/event-store/port.ts';
import { eventsOf, typesOf } from '../harness/chat.ts';
import { installations } from '../harness/installations.ts';
import { administrator, type Disk, newDisk, person } from '../harness/memory-annals.ts';
import { playedPost } from '../harness/played-post.ts';
import type { Write } from '../harness/severed.ts';
import { until } from '../harness/until.ts';

const start = installations();
const GOOD = 'nine purple bicycles';
const email = 'ada@example.org';

const types = ({ part, method, args }: Write): readonly string[] =>
  part === 'store' && method === 'append' ? (args[1] as { type: string }[]).map(({ type }) => type) : [];
const at = (type: string, when: 'before' | 'after') => (write: Write) => (types(write).includes(type) ? when : undefined);

/** Redeems an invitation with a password in a process that dies there, before anything reacts. */
async function redeemedUntil(disk: Disk, type: string, when: 'before' | 'after'): Promise<string> {
  const { kernel } = await start({ disk, workers: false });
  const invited = await kernel.accounts.invite(administrator, { roles: ['auditor'], days: 7 });
  if (!invited.ok) throw new Error(invited.error.message);
  const dying = await start({ disk, workers: false, crashPoint: at(type, when) });
  void dying.kernel.accounts.redeem({ secret: invited.secret, email, name: 'Ada', password: GOOD, from: 'here' });
  await dying.crashed;
  return invited.secret;
}

const places = [
  ['AccountPromised', 'after'],
  ['IdentityOpened', 'before'],
  ['IdentityOpened', 'after'],
  ['PersonRegistered', 'before'],
  ['PersonRegistered', 'after'],
  ['PasswordSet', 'before'],
  ['PasswordSet', 'after'],
] as const;

test.each(places)('an account whose making died at %s (%s) is whole once something reacts', async (type, when) => {
  const disk = await newDisk();
  const secret = await redeemedUntil(disk, type, when);
  const { kernel } = await start({ disk });
  const login = () => kernel.accounts.login({ email, password: GOOD, from: 'here' });
  await until(async () => (await login()).ok);
  const found = await login();
  if (!found.ok) throw new Error(found.error.message);
  expect(await typesOf(disk, `credential-${found.person}`)).toEqual(['PasswordSet']);
  expect(await typesOf(disk, `person-${found.person}`)).toEqual(['PersonRegistered', 'ProfileChanged']);
  expect((await kernel.known.standingOf(found.person)).roles).toEqual(['auditor']);
  expect(await kernel.accounts.redeem({ secret, email: 'b@example.org', password: GOOD, from: 'here' })).toMatchObject({ ok: false });
});

test.each(places.slice(2))('a login that finds half an account (%s, %s) makes the other half', async (type, when) => {
  const disk = await newDisk();
  await redeemedUntil(disk, type, when);
  const { kernel } = await start({ disk, workers: false });
  const found = await kernel.accounts.login({ email, password: GOOD, from: 'here' });
  expect(found.ok).toBe(true);
  if (found.ok) expect((await kernel.known.standingOf(found.person)).roles).toEqual(['auditor']);
});

test('a redemption that died before its first event has not happened, and the link is still good', async () => {
  const disk = await newDisk();
  const secret = await redeemedUntil(disk, 'InvitationRedeemed', 'before');
  const { kernel } = await start({ disk });
  expect(await kernel.accounts.redeem({ secret, email, password: GOOD, from: 'here' })).toMatchObject({ ok: true });
});

test('a reset whose process dies before it has ended the sessions ends them all the same', async () => {
  const disk = await newDisk();
  const first = await start({ disk });
  const invited = await first.kernel.accounts.invite(administrator, { roles: ['member'], days: 7 });
  const made = invited.ok ? await first.kernel.accounts.redeem({ secret: invited.secret, email, password: GOOD, from: 'here' }) : invited;
  if (!made.ok) throw new Error(made.error.message);
  const reset = await first.kernel.accounts.openReset(administrator, made.person);
  if (!reset.ok) throw new Error(reset.error.message);
  await first.stop();
  const dying = await start({ disk, workers: false, crashPoint: at('PasswordSet', 'after') });
  void dying.kernel.accounts.reset({ secret: reset.secret, password: 'a tide of green umbrellas', from: 'here' });
  await dying.crashed;
  expect(await typesOf(disk, `person-${made.person}`)).not.toContain('SignedOutEverywhere');
  await start({ disk });
  await until(async () => (await typesOf(disk, `person-${made.person}`)).includes('SignedOutEverywhere'));
});

test('whoever was invited and came by another way has the roles, should the process die before it gives them', async () => {
  const disk = await newDisk();
  const ada = person('ada');
  const { kernel } = await start({ disk, workers: false });
  const invited = await kernel.accounts.invite(administrator, { roles: ['auditor'], days: 7 });
  if (!invited.ok) throw new Error(invited.error.message);
  const dying = await start({ disk, workers: false, crashPoint: at('InvitationRedeemed', 'after') });
  void dying.kernel.accounts.redeemFor(invited.secret, ada.id);
  await dying.crashed;
  const next = await start({ disk });
  await until(async () => (await next.kernel.known.standingOf(ada.id)).roles?.includes('auditor') === true);
});

describe('a mail', () => {
  const registered = async (disk: Disk, options: Parameters<typeof start>[0] = {}) => {
    const mail = playedPost();
    const installation = await start({ disk, post: mail.post, ...options });
    return { ...installation, mail };
  };

  test('that the server for mails does not take is tried again later, until its link is over', async () => {
    const { kernel, mail, clock, disk } = await registered(await newDisk());
    const away = { ok: false, code: 'Unavailable', message: 'away' } as const;
    mail.answers.push(away, away);
    await kernel.accounts.register({ email, from: 'here' });
    await until(() => mail.answers.length === 1);
    expect(mail.sent).toEqual([]);
    await until(async () => {
      clock.now = new Date(clock.now.getTime() + 1000);
      await kernel.sweep();
      return mail.sent.length === 1;
    });
    const mailId = mail.sent[0]?.id ?? '';
    await until(async () => (await typesOf(disk, `mail-${mailId}`)).includes('MailSent'));
    expect(await typesOf(disk, `mail-${mailId}`)).toEqual([
      'MailQueued',
      'MailStarted',
      'MailFailed',
      'MailStarted',
      'MailFailed',
      'MailStarted',
      'MailSent',
    ]);
    mail.answers.push(away);
    await kernel.accounts.register({ email: 'late@example.org', from: 'here' });
    await until(() => mail.answers.length === 0);
    clock.now = new Date(clock.now.getTime() + 25 * 3600_000);
    await until(async () => {
      await kernel.sweep();
      const last = (await eventsOf(disk, `mail-${await lastMail(disk)}`)).at(-1);
      return last?.type === 'MailFailed' && last.data.againAt === null;
    });
    expect(mail.sent).toHaveLength(1);
  });

  test('that was refused is not tried again', async () => {
    const { kernel, mail, clock, disk } = await registered(await newDisk());
    mail.answers.push({ ok: false, code: 'Refused', message: 'no such mailbox' });
    await kernel.accounts.register({ email, from: 'here' });
    await until(() => mail.answers.length === 0);
    await until(async () => (await typesOf(disk, `mail-${await lastMail(disk)}`)).includes('MailFailed'));
    clock.now = new Date(clock.now.getTime() + 3600_000);
    await kernel.sweep();
    expect(mail.sent).toEqual([]);
  });

  test('whose sender dies is sent by the next process, once that one is taken for dead', async () => {
    const disk = await newDisk();
    const dying = await registered(disk, { crashPoint: at('MailStarted', 'after') });
    void dying.kernel.accounts.register({ email, from: 'here' });
    await dying.crashed;
    const { mail, kernel, clock } = await registered(disk);
    await kernel.sweep();
    expect(mail.sent).toEqual([]);
    await until(async () => {
      clock.now = new Date(clock.now.getTime() + 10_000);
      await kernel.sweep();
      return mail.sent.length === 1;
    });
    expect(mail.sent[0]?.to).toBe(email);
  });

  test('that two processes find due is sent by one of them', async () => {
    const disk = await newDisk();
    const mail = playedPost();
    const [one, two] = [await start({ disk, post: mail.post }), await start({ disk, post: mail.post, workers: false })];
    for (let count = 0; count < 5; count++) await one.kernel.accounts.register({ email: `p${count}@example.org`, from: String(count) });
    await until(async () => {
      await Promise.all([one.kernel.sweep(), two.kernel.sweep()]);
      return mail.sent.length >= 5;
    });
    await Promise.all([one.kernel.sweep(), two.kernel.sweep()]);
    expect(mail.sent.map(({ to }) => to).sort()).toEqual([0, 1, 2, 3, 4].map((count) => `p${count}@example.org`));
  });
});

/** The mail that was queued last. */
async function lastMail({ store }: Disk): Promise<string> {
  const stop = new AbortController();
  let last = '';
  for await (const { events, caughtUp } of store.tail(START, { signal: stop.signal })) {
    for (const { type, data } of events) if (type === 'MailQueued') last = String(data.mailId);
    if (caughtUp) break;
  }
  stop.abort();
  return last;
}
