import { START } from '../../adapters/event-store/port.ts';
import { vaultDifferences } from '../../adapters/key-vault/vault-content.ts';
import { StartRefused } from '../refused.ts';
import { compareBlobs, copyBlobs } from './blobs.ts';
import { type Comparison, compareLogs } from './compare-logs.ts';
import { copiedSoFar, copyLog, type OnProgress } from './log.ts';
import { createTranslation, type Places, placesOf, putPlaces } from './places.ts';
import type { Source, Target } from './sides.ts';
import { beginStep, say } from './steps.ts';
import { buildViews, compareViews } from './views.ts';

/** Everything from one to the other, and the proof; false when anything is not the same on both sides, which has then been said. */
export async function move(source: Source, target: Target): Promise<boolean> {
  say(`from ${source.name} to ${target.name}`);
  const head = await source.store.head();
  if (head === START) throw new StartRefused(`There is no event in ${source.name}: nothing to move.`);
  await requireSound(source);
  await copy(source, target, head);
  const places = await placesOf(source);
  const { comparison, translated } = await proveLog(source, target, head, places);
  if ((await source.store.head()) !== head)
    throw new StartRefused(`Somebody writes to ${source.name}: stop every server that uses it, and repeat the command, it goes on where it was.`);
  await putPlaces(target, places, translated);
  const { size } = places.reactions;
  say(size > 0 ? `reactions: ${size} go on where they were` : 'reactions: no places of theirs are known, they begin anew');
  if (places.gateway) say('Kafka: goes on where it was');
  const same = [
    comparison.differences,
    await proveVault(source, target),
    await proveBlobs(source, target),
    await proveViews(source, target, comparison),
  ];
  const differences = same.flat();
  for (const difference of differences) say(`NOT THE SAME: ${difference}`);
  if (differences.length > 0) {
    say(`${target.name} is not to be used: give an empty target and begin again. ${source.name} is as it was.`);
    process.exitCode = 1;
    return false;
  }
  await target.finish();
  say('all is there, and the same on both sides');
  return true;
}

async function requireSound({ name, damage }: Source): Promise<void> {
  if (!damage) return;
  const step = beginStep('Checking the log');
  const [first] = await damage((done, total) => step.at(done / total, `${done} of ${total} events`));
  if (first) throw new StartRefused(`The log in ${name} is damaged (${first}): see what "annals verify" finds, and restore it from a backup first.`);
  step.end('the log has been checked');
}

/** What refuses a foreign target comes first; then what an event needs to be read is there before the event. */
async function copy(source: Source, target: Target, head: string): Promise<void> {
  const step = beginStep('Copying events');
  const onProgress: OnProgress = (events, at) => step.at(Number(at) / Number(head), `${events} events`);
  const copied = await copiedSoFar(source.store, target.store, onProgress);
  if (source.secret && !(await target.putSecret(source.secret)))
    throw new StartRefused(`${target.name} is the place of another installation: give an empty one. Nothing was changed.`);
  await target.begin();
  await target.writeVault(source.vault);
  await copyBlobs(source, target, (files) => step.at(0, `${files} files`));
  await copyLog({ source: source.store, target: target.store, window: target.window }, copied, onProgress);
  step.end(copied.events === 0 ? 'everything has been copied' : `everything has been copied, after ${copied.events} events that were there`);
}

async function proveLog(source: Source, target: Target, head: string, places: Places) {
  const step = beginStep('Comparing events');
  const translation = createTranslation(places);
  const comparison = await compareLogs(source.store, target.store, {
    onPair: translation.onPair,
    onProgress: (events, at) => step.at(Number(at) / Number(head), `${events} events`),
  });
  step.end(`log: ${comparison.events} events in ${comparison.streams} streams, ${comparison.digest}`);
  return { comparison, translated: translation.result() };
}

async function proveVault(source: Source, target: Target): Promise<readonly string[]> {
  const open = source.vault.keys.filter(({ wrapped }) => wrapped !== undefined).length;
  say(`keys: ${open}, and ${source.vault.keys.length - open} that were destroyed`);
  return vaultDifferences(source.vault, await target.readVault());
}

async function proveBlobs(source: Source, target: Target): Promise<readonly string[]> {
  const { files, differences } = await compareBlobs(source, target);
  say(`files: ${files}`);
  return differences;
}

async function proveViews(source: Source, target: Target, { events }: Comparison): Promise<readonly string[]> {
  const step = beginStep('Building views');
  await buildViews(target, source.secret, (done) => step.at(done / events, `${done} of ${events} events`));
  step.end('views have been built');
  const compared = await compareViews(source, target, source.secret);
  for (const { view, documents, digest } of compared) say(`view ${view}: ${documents} documents, ${digest}`);
  return compared.filter(({ equal }) => !equal).map(({ view }) => `view ${view}`);
}
