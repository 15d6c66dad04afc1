import { createHash } from 'node:crypto';
import { enableCompileCache } from 'node:module';
import react from '@vitejs/plugin-react';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Half of a worker's imports is compilation.
const { directory } = enableCompileCache();
if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory;

/** The server is tested as it runs: by Node itself, which strips the types, in the test's process and in its worker threads alike. */
const asItRuns = { environment: 'node', experimental: { viteModuleRunner: false } } as const;
const ofOtherProjects = ['test/web/**', 'test/e2e/**', 'test/distributed/**'];
/** What the kernel promises on servers as well as in memory. */
const onAnyDisk = [
  'crashes',
  'stops',
  'follow',
  'deadlines',
  'workers',
  'claims-and-erasures',
  'account-crashes',
  'jobs',
  'erase-person',
  'restriction',
].map((name) => `test/kernel/${name}.test.ts`);
const slowly = { testTimeout: 120_000, hookTimeout: 120_000 } as const;
const onServers = {
  ...slowly,
  env: { ANNALS_TEST_DISK: 'servers' },
  globalSetup: 'test/servers/setup.ts',
  setupFiles: 'test/servers/own-mongodb.ts',
};

/** In an order of its own for each seed, but those that take longest first, so that none of them is left over for one worker in the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { seed } = this.ctx.config.sequence;
    const place = ({ moduleId, project }: TestSpecification): string => {
      const drawn = createHash('sha256').update(`${seed} ${project.name} ${moduleId}`).digest('hex');
      return `${/\/test\/(?:e2e|chaos)\//.test(moduleId) ? 0 : 1} ${drawn}`;
    };
    return files
      .map((file) => ({ file, at: place(file) }))
      .sort((a, b) => (a.at < b.at ? -1 : 1))
      .map(({ file }) => file);
  }
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 20_000 } },
    teardownTimeout: 10_000,
    // Where nobody can look at once, one unlucky moment among thousands of tests is written down (.ci/run) instead of costing the whole run.
    retry: process.env.CI === undefined ? 0 : 1,
    sequence: { shuffle: { files: true, tests: true }, sequencer: LongestFirst },
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: { ...asItRuns, name: 'server', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...ofOtherProjects] },
      },
      { extends: true, plugins: [react()], test: { name: 'web', environment: 'jsdom', include: ['test/web/**/*.test.{ts,tsx}'] } },
      {
        extends: true,
        test: { ...asItRuns, ...slowly, name: 'e2e', include: ['test/e2e/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          ...asItRuns,
          ...onServers,
          name: 'servers',
          include: ['test/e2e/assistant-ui/*.test.ts', 'test/api/matrix/{matrix,verbs}.test.ts', 'test/api/rest/security.test.ts', ...onAnyDisk],
        },
      },
      {
        extends: true,
        test: {
          ...asItRuns,
          ...onServers,
          name: 'cluster',
          // Those with several processes need all of a small machine.
          fileParallelism: false,
          include: ['test/distributed/**/*.test.ts'],
        },
      },
    ],
  },
});
