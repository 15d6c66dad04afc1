import { KeyRound, type LucideIcon, SquareSlash, Ticket } from 'lucide-react';
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

export interface Console {
  /** In the address: `/app/settings/<name>`. */
  readonly name: string;
  readonly title: string;
  readonly icon: LucideIcon;
  readonly group: 'Yours' | 'Administration' | 'Audit';
  /** Shown to whoever has one of these roles; without it to everybody. The server decides by itself what it answers. */
  readonly roles?: readonly string[];
  readonly Page: LazyExoticComponent<ComponentType>;
}

/** Every page of the settings, in the order of the menu. */
export const consoles: readonly Console[] = [
  { name: 'tokens', title: 'Access tokens', icon: Ticket, group: 'Yours', Page: lazy(() => import('./tokens/tokens-page.tsx')) },
  { name: 'keys', title: 'Keys of services', icon: KeyRound, group: 'Yours', Page: lazy(() => import('./keys/keys-page.tsx')) },
  { name: 'prompts', title: 'Prompts', icon: SquareSlash, group: 'Yours', Page: lazy(() => import('./prompts/prompts-page.tsx')) },
];
