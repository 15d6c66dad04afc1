import { BroadcastChannel, type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { openSqliteLog, type SqliteLog } from './sqlite-log.ts';
import type { FromWriter, ToWriter, WriterRequest, WriterSetup } from './writer-messages.ts';

/** More than this in one transaction would let the first wait too long for the last. */
const MAX_GROUP = 512;

/** Commits whatever is waiting as one group, again and again, until told to close. */
function serve(port: MessagePort, log: SqliteLog, { bell, channelName }: WriterSetup): void {
  const channel = new BroadcastChannel(channelName);
  const queue: WriterRequest[] = [];
  const answer = (message: FromWriter): void => port.postMessage(message);
  let closing = false;
  answer('ready');
  while (!closing || queue.length > 0) {
    const heard = Atomics.load(bell, 0);
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
      const message: ToWriter = next.message;
      if (message === 'close') closing = true;
      else queue.push(...message);
    }
    const group = queue.splice(0, MAX_GROUP);
    if (group.length === 0) {
      if (!closing) Atomics.wait(bell, 0, heard);
      continue;
    }
    const results = log.commit(group.map(({ append }) => append));
    answer({ answers: group.flatMap(({ request }, index) => results.slice(index, index + 1).map((result) => ({ request, result }))) });
    if (results.some((result) => result.ok && !result.duplicate)) channel.postMessage('stored');
  }
  log.close();
  channel.close();
}

function start(port: MessagePort, setup: WriterSetup): void {
  try {
    serve(port, openSqliteLog(setup.folder), setup);
  } catch (error) {
    const failed: FromWriter = { failed: error instanceof Error ? error.message : String(error) };
    port.postMessage(failed);
  }
  port.close();
}

if (parentPort) start(parentPort, workerData);
