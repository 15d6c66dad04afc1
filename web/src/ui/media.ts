import { useSyncExternalStore } from 'react';

const narrow = matchMedia('(max-width: 767px)');

const subscribe = (listener: () => void) => {
  narrow.addEventListener('change', listener);
  return () => narrow.removeEventListener('change', listener);
};

/** Too narrow to show the list beside the conversation: the list is a drawer. */
export const isNarrow = () => narrow.matches;
export const useNarrow = () => useSyncExternalStore(subscribe, isNarrow);
