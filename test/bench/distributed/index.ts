import type { Bench } from '../measure.ts';
import { appends } from './append.ts';
import { publishing } from './kafka.ts';
import { telling } from './tell.ts';
import { viewsOnServers } from './views.ts';
import { workers } from './workers.ts';

/** What is measured on servers: those that the environment names, else such as can be started here. */
export const distributed: Readonly<Record<string, Bench>> = {
  'distributed-append': appends,
  'distributed-views': viewsOnServers,
  'distributed-kafka': publishing,
  'distributed-tell': telling,
  'distributed-workers': workers,
};
