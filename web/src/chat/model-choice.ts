import { createKeptStore, useStore } from '../ui/store.ts';

const kept = createKeptStore('annals:model');

/** The model the next request asks for; null leaves it to the server. */
export const chosenModel = kept.get;
export const chooseModel = kept.set;
export const useChosenModel = () => useStore(kept);
