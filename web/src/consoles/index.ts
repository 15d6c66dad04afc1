import {
  Archive,
  Bot,
  ChartColumn,
  KeyRound,
  type LucideIcon,
  MonitorSmartphone,
  ScrollText,
  ShieldAlert,
  ShieldCheck,
  SquareSlash,
  Ticket,
  UserRound,
  Users,
  UsersRound,
  Wrench,
} from 'lucide-react';
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

const watchers = ['auditor', 'administrator'] as const;

/** Every page of the settings, in the order of the menu. */
export const consoles: readonly Console[] = [
  { name: 'tokens', title: 'Access tokens', icon: Ticket, group: 'Yours', Page: lazy(() => import('./tokens/tokens-page.tsx')) },
  { name: 'keys', title: 'Keys of services', icon: KeyRound, group: 'Yours', Page: lazy(() => import('./keys/keys-page.tsx')) },
  {
    name: 'sessions',
    title: 'Sessions and logins',
    icon: MonitorSmartphone,
    group: 'Yours',
    Page: lazy(() => import('./sessions/sessions-page.tsx')),
  },
  { name: 'audit', title: 'Audit', icon: ScrollText, group: 'Audit', roles: watchers, Page: lazy(() => import('./audit/audit-page.tsx')) },
  {
    name: 'security',
    title: 'Security',
    icon: ShieldAlert,
    group: 'Audit',
    roles: watchers,
    Page: lazy(() => import('./security/security-page.tsx')),
  },
  { name: 'shared', title: 'Shared with you', icon: Users, group: 'Yours', Page: lazy(() => import('./shared/shared-page.tsx')) },
  {
    name: 'roles',
    title: 'Roles',
    icon: ShieldCheck,
    group: 'Administration',
    roles: ['administrator'],
    Page: lazy(() => import('./roles/roles-page.tsx')),
  },
  { name: 'profile', title: 'Profile', icon: UserRound, group: 'Yours', Page: lazy(() => import('./profile/profile-page.tsx')) },
  {
    name: 'people',
    title: 'People',
    icon: UsersRound,
    group: 'Administration',
    roles: ['administrator'],
    Page: lazy(() => import('./people/people-page.tsx')),
  },
  { name: 'data', title: 'Your data', icon: Archive, group: 'Yours', Page: lazy(() => import('./privacy/data-page.tsx')) },
  {
    name: 'usage',
    title: 'Usage',
    icon: ChartColumn,
    group: 'Administration',
    roles: ['analyst', 'administrator'],
    Page: lazy(() => import('./analytics/analytics-page.tsx')),
  },
  { name: 'tool-servers', title: 'Tool servers', icon: Wrench, group: 'Yours', Page: lazy(() => import('./tool-servers/tool-servers-page.tsx')) },
  {
    name: 'models',
    title: 'Models',
    icon: Bot,
    group: 'Administration',
    roles: ['administrator'],
    Page: lazy(() => import('./models/models-page.tsx')),
  },
  { name: 'prompts', title: 'Prompts', icon: SquareSlash, group: 'Yours', Page: lazy(() => import('./prompts/prompts-page.tsx')) },
];
