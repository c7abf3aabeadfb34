import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { arrive } from '@/client/arrival';
import { loadSession, session } from '@/client/session';
import { PageFailed, Skeleton } from '@/components/states';
import { i18n } from '@/i18n';
import { Arriving } from './arriving';
import { NotFound } from './not-found';
import { pages } from './pages';
import { Shell } from './shell';
import { SignIn } from './sign-in';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignIn,
});

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ location }) => {
    const known = session.get() === undefined ? await arrive() : session.get();
    if (!known) throw redirect({ to: '/sign-in', search: { back: location.href } });
  },
  errorComponent: PageFailed,
  pendingComponent: Arriving,
});

const ofPages = pages.flatMap((page) =>
  page.routes.map((route) =>
    createRoute({
      getParentRoute: () => shell,
      path: route.path,
      loader: async () => (await route.load()).prefetch?.(),
      component: lazyRouteComponent(async () => {
        const [found] = await Promise.all([route.load(), i18n.loadNamespaces(page.id)]);
        return found;
      }),
      errorComponent: PageFailed,
      pendingComponent: () => <Skeleton lines={8} className="max-w-3xl p-6" />,
    }),
  ),
);

const elsewhere = createRoute({ getParentRoute: () => shell, path: '$', component: NotFound });

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren([...ofPages, elsewhere])]),
  basepath: '/console',
  defaultPreload: 'intent',
  defaultPendingMs: 150,
  // What shows that something is being loaded goes when it is there, not half a second after it came.
  defaultPendingMinMs: 0,
  defaultErrorComponent: PageFailed,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

/** Ask at once for what would be asked for one after the other: who is signed in, and what the page at this address is made of. */
export function fetchFirst(): void {
  const [, , route] = router.getMatchedRoutes(router.latestLocation.pathname);
  if (!route || route.id === signIn.id) return;
  void loadSession().catch(() => undefined); // it is asked again, and told, where the page is entered
  void route.options.component?.preload?.();
}
