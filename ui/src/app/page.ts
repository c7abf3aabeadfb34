import type { LucideIcon } from 'lucide-react';
import type { ComponentType } from 'react';
import type { ControlMethods } from '@/client/control-types';
import type { Words } from '@/i18n';

/** The groups of the sidebar, in their order; their names are in the common texts (`group.watch` …). */
export const groups = ['watch', 'talk', 'models', 'channels', 'machine'] as const;
export type Group = (typeof groups)[number];

export interface PageRoute {
  /** Below `/console`, with `$name` for what varies. */
  path: string;
  load(): Promise<{
    default: ComponentType;
    /** Asks for the page's first data as soon as it is known who is signed in, and waits for nothing. */
    prefetch?(): void;
  }>;
}

export interface Page {
  /** The name of its folder, and of its texts. */
  id: string;
  label: Words;
  icon: LucideIcon;
  group: Group;
  /** Its place in the group; tens, so that others fit between. */
  order: number;
  /** The first is where the sidebar leads. */
  routes: readonly [PageRoute, ...PageRoute[]];
  /** Other words by which the command palette finds it, in both languages. */
  keywords?: string;
  /** What whoever is signed in must hold to be shown it. */
  permission?: string;
  /** A method of the control channel that the gateway must have. */
  method?: keyof ControlMethods;
  /** Not in the sidebar, but found by the palette. */
  hidden?: boolean;
}

export const definePage = (page: Page): Page => page;
