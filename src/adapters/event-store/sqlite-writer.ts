import { BroadcastChannel, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { openSqliteLog } from './sqlite-log.ts';
import type { FromWriter, ToWriter, WriterRequest, WriterSetup } from './writer-messages.ts';

/** More than this in one transaction would let the first wait too long for the last. */
const MAX_GROUP = 512;

const { folder, channelName }: WriterSetup = workerData;
const port = parentPort;
if (!port) throw new Error('This file is the entry of a worker thread.');

const answer = (message: FromWriter): void => port.postMessage(message);
const channel = new BroadcastChannel(channelName);

function start(): void {
  if (!port) return;
  const log = openSqliteLog(folder);
  const queue: WriterRequest[] = [];
  let closing = false;
  const take = (message: ToWriter): void => {
    if (message === 'close') closing = true;
    else queue.push(...message);
  };
  const takeWaiting = (): void => {
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) take(next.message);
  };

  port.on('message', (message: ToWriter) => {
    take(message);
    takeWaiting();
    while (queue.length > 0) {
      const group = queue.splice(0, MAX_GROUP);
      const results = log.commit(group.map(({ append }) => append));
      if (results.some((result) => result.ok && !result.duplicate)) channel.postMessage('stored');
      answer({ answers: results.map((result, index) => ({ request: group[index]?.request ?? -1, result })) });
      takeWaiting();
    }
    if (!closing) return;
    log.close();
    channel.close();
    port.close();
  });
  answer('ready');
}

try {
  start();
} catch (error) {
  answer({ failed: error instanceof Error ? error.message : String(error) });
  channel.close();
  port.close();
}
