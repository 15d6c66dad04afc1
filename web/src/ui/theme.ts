import { createKeptStore, useStore } from './store.ts';

export type Theme = 'system' | 'light' | 'dark';

const kept = createKeptStore('annals:theme');
const themeOf = (value: string | null): Theme => (value === 'light' || value === 'dark' ? value : 'system');

export const useTheme = (): Theme => themeOf(useStore(kept));

export function setTheme(theme: Theme): void {
  kept.set(theme === 'system' ? null : theme);
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
