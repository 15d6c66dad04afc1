import { expect, test } from 'vitest';
import { eventDefinitions } from '../../src/domain/index.ts';
import { views } from '../../src/projections/views/index.ts';
import { eventfulLog } from '../harness/history.ts';
import { viewLaws } from '../harness/view-laws.ts';

let log: ReturnType<typeof eventfulLog> | undefined;
const once = () => (log ??= eventfulLog());

for (const view of views) viewLaws(view, once);

test('every view folds only events that exist', () => {
  const types = new Set(eventDefinitions.map(({ type }) => type));
  expect(views.flatMap((view) => view.types).filter((type) => !types.has(type))).toEqual([]);
});
