export interface DayGroup {
  readonly label: string;
  readonly indices: readonly number[];
}

const DAY = 86_400_000;

/** Threads in their order, under headings of how long ago they were last written in. One without a time counts as of now. */
export function dayGroups(ids: readonly string[], times: ReadonlyMap<string, Date | undefined>, now: Date): DayGroup[] {
  const groups = new Map<string, number[]>();
  ids.forEach((id, index) => {
    const label = ageLabel(times.get(id) ?? now, now);
    groups.set(label, [...(groups.get(label) ?? []), index]);
  });
  return [...groups].map(([label, indices]) => ({ label, indices }));
}

function ageLabel(time: Date, now: Date): string {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  if (time.getTime() >= midnight) return 'Today';
  if (time.getTime() >= midnight - DAY) return 'Yesterday';
  if (time.getTime() >= midnight - 7 * DAY) return 'This week';
  if (time.getTime() >= midnight - 30 * DAY) return 'This month';
  return time.toLocaleDateString(undefined, { month: 'long', year: 'numeric' });
}
