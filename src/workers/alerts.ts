import { v5 } from 'uuid';
import { closeSecurityDay } from '../commands/access-records.ts';
import { raiseAlert } from '../commands/alert.ts';
import type { Tell } from '../commands/command.ts';
import { annals } from '../commands/settle-active-run.ts';
import { VISITORS } from '../domain/access.ts';
import type { PersonId } from '../domain/ids.ts';
import type { Views } from '../projections/query.ts';
import { accountBursts, type BurstDoc, networkBursts } from '../projections/views/bursts.ts';

/** What is older is history: a log that is looked through for the first time raises no alarms about last year. */
const NEWS_MS = 24 * 3600_000;
const MOST = 100;

/** Raises what has become an alert, each once: its id is made from the event that made it one. */
export async function sweepAlerts({ tell, views, now }: { tell: Tell; views: Views; now: () => Date }): Promise<void> {
  const after = new Date(now().getTime() - NEWS_MS).toISOString();
  for (const view of [accountBursts, networkBursts]) {
    const { documents } = await views.find(view, { dueAt: { gt: after } }, { sort: [['dueAt', 'asc']], limit: MOST });
    for (const { doc } of documents) await raise(tell, doc);
  }
  await closeDays({ tell, views, now });
}

/** No rule looks back further, nor is quiet for longer, than a day. */
const CLOSED_MS = 3 * 24 * 3600_000;

/** What was counted on days that are long over is removed, a day at a time. */
async function closeDays({ tell, views, now }: { tell: Tell; views: Views; now: () => Date }): Promise<void> {
  const before = new Date(now().getTime() - CLOSED_MS).toISOString().slice(0, 10);
  const found = await Promise.all(
    [accountBursts, networkBursts].map((view) => views.find(view, { day: { lt: before } }, { sort: [['day', 'asc']], limit: 1 })),
  );
  for (const day of new Set(found.flatMap(({ documents }) => documents.map(({ doc }) => doc.day))))
    await tell(annals(VISITORS), closeSecurityDay({ day }));
}

function raise(tell: Tell, { rule, about, by, subject, dueCount, since, dueFor }: BurstDoc): Promise<unknown> {
  const id = v5(`alert ${rule}`, dueFor);
  const command = raiseAlert({
    alertId: `alert_${id.replaceAll('-', '')}`,
    rule,
    about,
    by: by as PersonId,
    subject: subject as PersonId,
    count: dueCount,
    since,
  });
  return tell(annals(subject as PersonId), command, { commandId: id, causationId: dueFor });
}
