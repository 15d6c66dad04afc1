import type { Checkpoint, Operation } from './port.ts';

/**
 * The operations of a commit that take effect, at most one for each id: the one with the latest position.
 * None stands beyond its checkpoint (else it throws), so whatever is stored, deletes included, was written at or before the stored
 * checkpoint: dropping what is not later than that is dropping what is not later than the document, and no late put brings back a deleted one.
 */
export function effective(operations: readonly Operation[], stored: Checkpoint | undefined, checkpoint: Checkpoint): Operation[] {
  const latest = new Map<string, Operation>();
  for (const operation of operations) {
    if (operation.position > checkpoint.position)
      throw new RangeError(`An operation at ${operation.position} lies beyond its checkpoint ${checkpoint.position}.`);
    if (stored !== undefined && operation.position <= stored.position) continue;
    const known = latest.get(operation.id);
    if (known === undefined || operation.position > known.position) latest.set(operation.id, operation);
  }
  return [...latest.values()];
}

/** A checkpoint never goes back; at the same position the new one counts. */
export const advances = (stored: Checkpoint | undefined, checkpoint: Checkpoint): boolean =>
  stored === undefined || checkpoint.position >= stored.position;
