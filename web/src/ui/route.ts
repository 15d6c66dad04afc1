import { createStore, useStore } from './store.ts';

export type Route =
  | { readonly page: 'chat'; readonly threadId?: string }
  | { readonly page: 'history'; readonly threadId: string }
  | { readonly page: 'console'; readonly name: string; readonly threadId?: undefined };

const base = import.meta.env.BASE_URL;
const store = createStore<Route>(parse(location.pathname));
addEventListener('popstate', () => store.set(parse(location.pathname)));

function parse(path: string): Route {
  const [page, id] = path.slice(base.length).split('/').map(decodeURIComponent);
  if (page === 'history' && id) return { page: 'history', threadId: id };
  if (page === 'settings') return { page: 'console', name: id ?? '' };
  return page === 'c' && id ? { page: 'chat', threadId: id } : { page: 'chat' };
}

export function pathOf(route: Route): string {
  if (route.page === 'console') return `${base}settings/${encodeURIComponent(route.name)}`;
  if (!route.threadId) return base;
  return `${base}${route.page === 'history' ? 'history' : 'c'}/${encodeURIComponent(route.threadId)}`;
}

export const currentRoute = store.get;
export const onRouteChange = store.subscribe;
export const useRoute = (): Route => useStore(store);

export function navigate(route: Route, { replace = false } = {}): void {
  const path = pathOf(route);
  if (path === location.pathname) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', path);
  store.set(route);
}
