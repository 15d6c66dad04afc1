import type { JsonObject } from '../../domain/event.ts';

/**
 * Wakes other processes of the installation. A message is a hint, never the truth: it may be lost, doubled or late, so whoever listens also looks by
 * itself from time to time. Nothing personal travels here.
 */
export interface Bus {
  /** Resolves when it has been handed over, or could not be: a lost hint is no error. Listeners of this process hear it too. */
  publish(topic: string, message: JsonObject): Promise<void>;
  /** Calls back with every message of the topic from now on; returns the way to stop. */
  subscribe(topic: string, hear: (message: JsonObject) => void): () => void;
  close(): Promise<void>;
}
