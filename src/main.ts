import { enableCompileCache } from 'node:module';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

enableCompileCache();

if (isMainThread) {
  const { runCommandLine } = await import('./main/command-line.ts');
  await runCommandLine(process.argv);
} else if (parentPort && workerData?.thread === 'projector') {
  const { runProjectorThread } = await import('./main/projector-thread.ts');
  await runProjectorThread(parentPort, workerData);
}
