// The one file that is no TypeScript: it is read before the compile cache is on, and Node's remover of types, 12 MiB of memory, is loaded for nothing else.
import { enableCompileCache } from 'node:module';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

const { directory } = enableCompileCache();
// Threads have a cache of their own, which they look for here.
if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory;

if (isMainThread) {
  const { runCommandLine } = await import('./main/command-line.ts');
  await runCommandLine(process.argv);
} else if (parentPort && workerData?.thread === 'projector') {
  const { runProjectorThread } = await import('./main/projector-thread.ts');
  await runProjectorThread(parentPort, workerData);
}
