import { Outlet, useLocation, useRouter } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control } from '@/client/control';
import { session, useSession } from '@/client/session';
import { Button } from '@/components/ui/button';
import { suggestLanguage } from '@/i18n';
import { ConnectionNotice } from './connection';
import { Header } from './header';
import { LaterDrawer, LaterPalette } from './later';
import { Sidebar } from './sidebar';
import { usePageTitle } from './title';

/** What stands around every page. */
export function Shell() {
  const { t } = useTranslation('common');
  const [drawer, setDrawer] = useState(false);
  const [palette, setPalette] = useState(false);
  const location = useLocation();
  usePageTitle();
  useSignedIn();

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        setPalette((open) => !open);
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawer closes whenever another page is shown
  useEffect(() => setDrawer(false), [location.pathname]);

  return (
    <div className="flex h-full">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        {t('skipToContent')}
      </a>
      <aside aria-label={t('sidebar')} className="hidden w-56 shrink-0 border-line border-r bg-surface lg:block">
        <Sidebar />
      </aside>
      <LaterDrawer open={drawer} onOpenChange={setDrawer} />
      <div className="flex min-w-0 flex-1 flex-col">
        <Header
          onSearch={() => setPalette(true)}
          menu={
            <Button
              look="quiet"
              size="icon"
              className="lg:hidden"
              aria-label={t('navigation')}
              onClick={() => setDrawer(true)}
            >
              <MenuIcon aria-hidden />
            </Button>
          }
        />
        <ConnectionNotice />
        <main id="main" tabIndex={-1} className="relative min-h-0 flex-1 overflow-y-auto focus:outline-none">
          <Outlet />
        </main>
      </div>
      <LaterPalette open={palette} onOpenChange={setPalette} />
    </div>
  );
}

/** Opens the connection, and leads to the sign-in page (and back from there) when the session ends. */
function useSignedIn(): void {
  const router = useRouter();
  const current = useSession();
  useEffect(() => {
    if (current) {
      suggestLanguage(current.language);
      control.start();
    }
  }, [current]);
  useEffect(
    () =>
      session.subscribe(() => {
        if (session.get() !== null) return;
        const back = router.state.location.href;
        void router.navigate({ to: '/sign-in', search: { back } } as unknown as Parameters<typeof router.navigate>[0]);
      }),
    [router],
  );
}
