/** Which runs somebody is reading as the answer to his own request. A stop button always cuts that reading off. */
export interface Readers {
  begin(runId: string): () => void;
  isRead(runId: string): boolean;
}

export function createReaders(): Readers {
  const counts = new Map<string, number>();
  return {
    begin: (runId) => {
      counts.set(runId, (counts.get(runId) ?? 0) + 1);
      return () => {
        const left = (counts.get(runId) ?? 1) - 1;
        if (left > 0) counts.set(runId, left);
        else counts.delete(runId);
      };
    },
    isRead: (runId) => counts.has(runId),
  };
}
