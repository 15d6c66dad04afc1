import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import { z } from 'zod';
import type { NpmError, NpmLocked, NpmPackages, NpmResult } from './port.ts';
import { missing, npmErrorOf, runNpm } from './run-npm.ts';

const Viewed = z.object({
  versions: z.union([z.array(z.string()), z.string().transform((only) => [only])]),
  'dist-tags': z.record(z.string(), z.string()).default({}),
});
const Lock = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({ integrity: z.string().optional(), version: z.string().optional(), hasInstallScript: z.boolean().optional() }),
  ),
});
const Manifest = z.looseObject({
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  engines: z.looseObject({ node: z.string().optional() }).optional(),
});

const SHOWN = 60;
const DAY_MS = 24 * 3600_000;
const TEMPORARY = '.new-';

const failed = (code: NpmError['code'], message: string): { ok: false; error: NpmError } => ({ ok: false, error: { code, message } });
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const folderOf = ({ name, version, lockHash }: Pick<NpmLocked, 'name' | 'version' | 'lockHash'>): string =>
  `${name.replace('/', '+')}@${version}-${lockHash.slice(0, 16)}`;
/** What npm needs to know to install just this. Without a name it would write that of the folder into the lock, which then were another each time. */
const manifestOf = (name: string, version: string): string => JSON.stringify({ name: 'apart', private: true, dependencies: { [name]: version } });

/** Packages in subfolders of this one, by the npm of this machine with its own configuration. */
export function createNpmPackages({ folder }: { readonly folder: string }): NpmPackages {
  const installing = new Map<string, Promise<NpmResult<string>>>();

  /** Installs in a folder of its own that becomes the real one when all of it is there: whatever breaks off before leaves nothing that could be taken for it. */
  const apart = async (
    name: string,
    version: string,
    lock: string | undefined,
    signal: AbortSignal,
  ): Promise<NpmResult<{ at: string; lock: string }>> => {
    const at = join(folder, `${TEMPORARY}${randomUUID()}`);
    try {
      await mkdir(at, { recursive: true });
      await writeFile(join(at, 'package.json'), manifestOf(name, version));
      if (lock !== undefined) await writeFile(join(at, 'package-lock.json'), lock);
    } catch (error) {
      return failed('Failed', `The folder for packages cannot be written to (${(error as NodeJS.ErrnoException).code}).`);
    }
    const done = await runNpm([lock === undefined ? 'install' : 'ci', '--omit=dev', '--prefix', at], { cwd: at, signal });
    if (done?.code === 0) return { ok: true, value: { at, lock: await readFile(join(at, 'package-lock.json'), 'utf8') } };
    await rm(at, { recursive: true, force: true });
    return { ok: false, error: done ? npmErrorOf(done) : missing };
  };
  const place = async (at: string, locked: NpmLocked): Promise<string> => {
    const final = join(folder, folderOf(locked));
    await rename(at, final).catch(async (error: NodeJS.ErrnoException) => {
      await rm(at, { recursive: true, force: true });
      // Another process was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return final;
  };
  const installed = async (locked: NpmLocked, signal: AbortSignal): Promise<NpmResult<string>> => {
    const final = join(folder, folderOf(locked));
    if (await isThere(final)) return { ok: true, value: final };
    if (hashOf(locked.lock) !== locked.lockHash) return failed('Integrity', 'The lock is not the one that was recorded.');
    const made = await apart(locked.name, locked.version, locked.lock, signal);
    return made.ok ? { ok: true, value: await place(made.value.at, locked) } : made;
  };

  return {
    async versions(name, wanted, signal) {
      await mkdir(folder, { recursive: true });
      const done = await runNpm(['view', name, 'versions', 'dist-tags', '--json'], { cwd: folder, signal });
      if (done?.code !== 0) return { ok: false, error: done ? npmErrorOf(done) : missing };
      const { versions, 'dist-tags': tags } = Viewed.parse(JSON.parse(done.stdout));
      const sorted = versions.filter((each) => semver.valid(each)).toSorted(semver.rcompare);
      const meant = tags[wanted ?? 'latest'] ?? semver.maxSatisfying(sorted, wanted ?? '*');
      if (meant === null) return failed('NotFound', `There is no version ${wanted ?? ''} of it.`);
      return { ok: true, value: { wanted: meant, versions: [...new Set([...sorted.slice(0, SHOWN), ...(sorted.includes(meant) ? [meant] : [])])] } };
    },
    async integrity(name, version, signal) {
      await mkdir(folder, { recursive: true });
      const done = await runNpm(['view', `${name}@${version}`, 'dist.integrity', '--json'], { cwd: folder, signal });
      if (done?.code !== 0) return { ok: false, error: done ? npmErrorOf(done) : missing };
      const said = z.string().safeParse(done.stdout.trim() === '' ? undefined : JSON.parse(done.stdout));
      return said.success ? { ok: true, value: said.data } : failed('Integrity', 'npm says of the package no integrity.');
    },
    async resolve(name, version, signal) {
      const made = await apart(name, version, undefined, signal);
      if (!made.ok) return made;
      const { at, lock } = made.value;
      const own = Lock.parse(JSON.parse(lock)).packages[`node_modules/${name}`];
      const locked = { name, version, lock, lockHash: hashOf(lock) };
      const unusable =
        own?.integrity === undefined || own.version !== version
          ? failed('Integrity', 'npm says of the package no integrity.')
          : await whyNotHere(at, name);
      if (unusable) {
        await rm(at, { recursive: true, force: true });
        return unusable;
      }
      await place(at, locked);
      return { ok: true, value: { ...locked, integrity: own?.integrity ?? '' } };
    },
    async entry(locked, signal, onInstall) {
      const key = folderOf(locked);
      if (onInstall && !(await isThere(join(folder, key)))) onInstall();
      const work = installing.get(key) ?? installed(locked, signal).finally(() => installing.delete(key));
      installing.set(key, work);
      const there = await work;
      if (!there.ok) return there;
      // Touched, so that nobody takes it for forgotten.
      await utimes(there.value, new Date(), new Date());
      const program = await programOf(there.value, locked.name);
      return program === undefined ? failed('NoProgram', 'The package has no program that could be started.') : { ok: true, value: program };
    },
    scriptsOf: ({ lock }) =>
      Object.entries(Lock.parse(JSON.parse(lock)).packages).flatMap(([path, { hasInstallScript }]) =>
        hasInstallScript ? [path.replace(/^.*node_modules\//, '')] : [],
      ),
    async prune(kept) {
      const names = new Set(kept.map(folderOf));
      for (const name of await readdir(folder).catch(() => [])) {
        const path = join(folder, name);
        const touched = await stat(path).catch(() => undefined);
        if (!names.has(name) && touched && Date.now() - touched.mtimeMs > DAY_MS) await rm(path, { recursive: true, force: true });
      }
    },
  };
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
const manifestAt = async (at: string, name: string) =>
  Manifest.parse(JSON.parse(await readFile(join(at, 'node_modules', name, 'package.json'), 'utf8')));

async function whyNotHere(at: string, name: string): Promise<{ ok: false; error: NpmError } | undefined> {
  const { node } = (await manifestAt(at, name)).engines ?? {};
  if (node !== undefined && semver.validRange(node) !== null && !semver.satisfies(process.versions.node, node))
    return failed('Unsupported', `It needs Node ${node}, and this is ${process.versions.node}.`);
  return (await programOf(at, name)) === undefined ? failed('NoProgram', 'The package has no program that could be started.') : undefined;
}

/** As npx chooses it: the only program there is, or the one that is called like the package. */
async function programOf(at: string, name: string): Promise<string | undefined> {
  const { bin } = await manifestAt(at, name);
  const all = typeof bin === 'string' ? { [name]: bin } : (bin ?? {});
  const path = Object.values(all).length === 1 ? Object.values(all)[0] : all[name.replace(/^@[^/]*\//, '')];
  return path === undefined ? undefined : join(at, 'node_modules', name, path);
}
