export { type Annals, type AnnalsOptions, createAnnals } from './create-annals.ts';
export type { StreamStorage } from './streams.ts';
