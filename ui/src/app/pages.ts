import { useConnection } from '@/client/control';
import { useSession } from '@/client/session';
import type { Page } from './page';

const found = import.meta.glob<{ default: Page }>('../pages/*/index.ts', { eager: true });

/** Every folder of `pages` with an `index.ts` is a page: nothing else has to be touched to add one. */
export const pages: readonly Page[] = Object.values(found)
  .map((each) => each.default)
  .sort((a, b) => a.order - b.order);

/** Those that whoever is signed in can use. */
export function useVisiblePages(): readonly Page[] {
  const permissions = useSession()?.principal.permissions;
  const methods = useConnection().welcome?.features.methods;
  return pages.filter(
    (page) =>
      (!page.permission || permissions?.includes(page.permission)) &&
      (!page.method || !methods || methods.includes(page.method)),
  );
}
