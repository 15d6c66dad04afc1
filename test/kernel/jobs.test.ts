import { expect, test } from 'vitest';
import { cancelJob, requestJob, takeUpJob } from '../../src/commands/job.ts';
import { annals } from '../../src/commands/settle-active-run.ts';
import type { JobId } from '../../src/domain/ids.ts';
import { jobStream, jobs } from '../../src/domain/job.ts';
import type { Kernel } from '../../src/main/kernel-parts.ts';
import { getJob, listJobs } from '../../src/projections/queries/jobs.ts';
import { JobFailed, type JobPlan, type JobPlans } from '../../src/workers/jobs/kind.ts';
import { eventsOf, typesOf } from '../harness/chat.ts';
import { installations } from '../harness/installations.ts';
import { administrator, type Disk, newDisk, person } from '../harness/memory-annals.ts';
import type { Write } from '../harness/severed.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');
const bob = person('bob');

const jobOf = async (kernel: Kernel, jobId: string) => (await kernel.loader.load(jobStream(jobId), jobs)).state;
const ended = async (kernel: Kernel, jobId: string) => {
  await until(async () => (await jobOf(kernel, jobId)).status === 'ended');
  return (await jobOf(kernel, jobId)).outcome;
};
const asked = async (kernel: Kernel, who = ada): Promise<JobId> => {
  const told = await kernel.tell(who, requestJob({ kind: 'export', person: who.id }));
  if (!told.ok) throw new Error(told.error.message);
  return told.result.jobId;
};
const ends = async (disk: Disk, jobId: string) => (await typesOf(disk, jobStream(jobId))).filter((type) => type === 'JobEnded').length;

/** Three steps that each note that they were done; the second counts what it has before it. */
const plan = (done: string[], second: JobPlan['steps'][number]['run'] = async () => undefined): JobPlans => ({
  export: {
    steps: [
      {
        name: 'gather',
        run: async () => {
          done.push('gather');
          return { found: 3 };
        },
      },
      { name: 'pack', run: second },
      {
        name: 'seal',
        run: async ({ facts }) => {
          done.push('seal');
          return { sealed: Number(facts.found) + 1 };
        },
      },
    ],
  },
});

test('a job does its steps in their order, each knowing what those before it found out, and ends once', async () => {
  const done: string[] = [];
  const { kernel, disk } = await start({
    jobs: plan(done, async ({ report, facts }) => {
      done.push(`pack ${facts.found}`);
      await report(1, 3);
      return { packed: 3 };
    }),
  });
  const jobId = await asked(kernel);
  expect(await ended(kernel, jobId)).toBe('succeeded');
  expect(done).toEqual(['gather', 'pack 3', 'seal']);
  expect((await jobOf(kernel, jobId)).facts).toEqual({ found: 3, packed: 3, sealed: 4 });
  expect(await ends(disk, jobId)).toBe(1);
  await until(async () => ((await kernel.ask(ada, getJob({ jobId }))) as { data?: { status: string } }).data?.status === 'succeeded');
  expect(await kernel.ask(ada, getJob({ jobId }))).toMatchObject({ ok: true, data: { person: ada.id, number: 3, of: 3, step: 'seal' } });
});

test('only its person and administrators see a job, cancel it, or hear of it', async () => {
  const { kernel } = await start({ jobs: plan([], ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject))) });
  const jobId = await asked(kernel);
  await until(async () => (await kernel.ask(ada, getJob({ jobId }))).ok);
  expect(await kernel.ask(bob, getJob({ jobId }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
  expect(await kernel.ask(bob, listJobs({ of: 'self' }))).toMatchObject({ ok: true, data: { jobs: [] } });
  expect(await kernel.ask(bob, listJobs({ of: 'everybody' }))).toMatchObject({ ok: false, error: { code: 'Forbidden' } });
  expect(await kernel.ask(administrator, listJobs({ of: 'everybody' }))).toMatchObject({ ok: true, data: { jobs: [{ jobId }] } });
  expect(await kernel.tell(bob, cancelJob({ jobId }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
  expect(await kernel.tell(bob, requestJob({ kind: 'export', person: ada.id }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
  expect(await kernel.tell(ada, requestJob({ kind: 'erase', person: ada.id }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
  expect(await kernel.tell(ada, cancelJob({ jobId }))).toMatchObject({ ok: true });
});

test('a cancelled job stops where it is, cleans up after itself, and does not end a second time', async () => {
  const done: string[] = [];
  const cleaned: string[] = [];
  const { export: steps } = plan(done, ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)));
  const kinds: JobPlans = { export: { steps: [], ...steps, clean: async ({ facts }) => void cleaned.push(`found ${facts.found}`) } };
  const { kernel, disk } = await start({ jobs: kinds });
  const jobId = await asked(kernel);
  await until(async () => (await jobOf(kernel, jobId)).finished.has('gather'));
  expect(await kernel.tell(ada, cancelJob({ jobId }))).toMatchObject({ ok: true });
  await until(() => cleaned.length > 0);
  expect(cleaned).toEqual(['found 3']);
  expect(done).toEqual(['gather']);
  expect(await ends(disk, jobId)).toBe(1);
});

test('a step that fails is tried again; what can never succeed fails at once, with its code', async () => {
  let tries = 0;
  const { kernel } = await start({
    jobs: plan([], async () => {
      if (++tries < 3) throw new Error('not yet');
      return {};
    }),
  });
  expect(await ended(kernel, await asked(kernel))).toBe('succeeded');
  expect(tries).toBe(3);
  const hopeless = await start({ jobs: plan([], () => Promise.reject(new JobFailed('TooLarge'))) });
  const jobId = await asked(hopeless.kernel);
  expect(await ended(hopeless.kernel, jobId)).toBe('failed');
  expect((await eventsOf(hopeless.disk, jobStream(jobId))).at(-1)?.data).toMatchObject({ outcome: 'failed', code: 'TooLarge' });
});

/** On servers, where each takes seconds, not every write is tried. */
const STEP = process.env.ANNALS_TEST_DISK === 'servers' ? 7 : 1;

test('wherever its process dies, a job is gone on with from its recorded step, and ends once', { timeout: 300_000 }, async () => {
  for (let crashAt = 1, died = true; died; crashAt += STEP) {
    for (const when of ['before', 'after'] as const) {
      const disk = await newDisk();
      const done: string[] = [];
      let writes = 0;
      died = false;
      const crashPoint = ({ part, method, args }: Write) => {
        if (part !== 'store' || method !== 'append' || !String(args[0]).startsWith('job-') || died) return undefined;
        died = ++writes === crashAt;
        return died ? when : undefined;
      };
      const jobPlan = plan(done, async ({ report }) => {
        await report(1, 2, { half: true });
        done.push('pack');
        return {};
      });
      const first = await start({ disk, jobs: jobPlan, crashPoint });
      const jobId = 'job_one' as JobId;
      first.kernel.tell(ada, requestJob({ jobId, kind: 'export', person: ada.id })).catch(() => undefined);
      await Promise.race([first.crashed, until(async () => (await jobOf(first.kernel, jobId)).status === 'ended')]);
      if (died) first.crash();
      const { kernel } = await start({ disk, jobs: jobPlan });
      if ((await typesOf(disk, jobStream(jobId))).length === 0) continue;
      expect(await ended(kernel, jobId)).toBe('succeeded');
      const types = await typesOf(disk, jobStream(jobId));
      expect(types.filter((type) => type === 'JobEnded')).toHaveLength(1);
      const finished = (await eventsOf(disk, jobStream(jobId))).filter(({ data }) => data.finished === true).map(({ data }) => data.step);
      expect(finished).toEqual(['gather', 'pack', 'seal']);
      expect((await jobOf(kernel, jobId)).facts).toEqual({ found: 3, half: true, sealed: 4 });
    }
  }
});

test('who has been superseded writes nothing more', async () => {
  const { kernel, disk } = await start({ jobs: plan([], ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject))) });
  const jobId = await asked(kernel);
  await until(async () => (await jobOf(kernel, jobId)).finished.has('gather'));
  expect(await kernel.tell(annals(ada.id), takeUpJob({ jobId, epoch: 1 }))).toMatchObject({ ok: true });
  expect(await kernel.tell(annals(ada.id), takeUpJob({ jobId, epoch: 1 }))).toMatchObject({ ok: false, error: { code: 'Superseded' } });
  const before = (await typesOf(disk, jobStream(jobId))).length;
  await kernel.tell(ada, cancelJob({ jobId }));
  expect(await typesOf(disk, jobStream(jobId))).toHaveLength(before + 1);
});
