import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from '../../../src/api/server.ts';
import type { Role } from '../../../src/domain/principal.ts';
import { installationTokens } from '../../../src/main/installation.ts';
import type { Kernel } from '../../../src/main/kernel.ts';
import { openInstallation } from '../../../src/main/open.ts';
import { serverOf } from '../../../src/main/server-of.ts';
import { readSettings, type Settings } from '../../../src/settings.ts';
import { type Disk, newDisk, person, startAnnals } from '../../harness/memory-annals.ts';

export interface AllDoors {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly kernel: Kernel;
  /** Of the installation on files. */
  readonly folder: string;
  readonly logged: string[];
  tokenOf(name: string, roles: Role[]): Promise<string>;
  stop(): Promise<void>;
}

const settingsOf = (folder: string): Settings => {
  const read = readSettings({ ANNALS_DATA: folder, ANNALS_LOCAL_MODELS: 'off' }, {}, folder);
  if (!read.ok) throw new Error(read.message);
  return read.settings;
};

/** Every door that an installation opens, as the start of a server opens them: on real files, or in memory over a disk that the test watches. */
export async function openAllDoors({ watch }: { watch?: (disk: Disk) => Disk } = {}): Promise<AllDoors> {
  const folder = mkdtempSync(join(tmpdir(), 'annals-attacked-'));
  const settings = settingsOf(folder);
  const logged: string[] = [];
  const log = (message: string): void => void logged.push(message);
  const { kernel, secret, close } = watch ? await inMemory(watch) : await onFiles(settings, log);
  const server = serverOf({ kernel, secret, close }, settings, log);
  const { port, url } = await server.listen({ host: '127.0.0.1', port: 0 });
  const tokens = installationTokens(settings, secret);
  return {
    url,
    port,
    server,
    kernel,
    folder,
    logged,
    tokenOf: async (name, roles) => (await tokens.access({ ...person(name), roles })).token,
    async stop() {
      await Promise.all([server.close(0), close(0)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function onFiles(settings: Settings, log: (message: string) => void) {
  const installation = await openInstallation(settings, log);
  await installation.kernel.start();
  return installation;
}

async function inMemory(watch: (disk: Disk) => Disk) {
  const disk = await newDisk();
  const { kernel, stop } = await startAnnals({ disk: watch(disk) });
  return { kernel, secret: disk.secret, close: stop };
}
