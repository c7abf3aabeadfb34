import { lazy, Suspense, useEffect, useState } from 'react';
import { patiently } from '@/lib/parts';

/* What nobody sees in the first moment is fetched after it: menus, dialogs and what they stand on weigh as much as the rest. */

const FIRST_MS = 1000;

const Menus = lazy(() => patiently(() => import('./header-menus')));
const Palette = lazy(() => patiently(() => import('./command-palette')));
const Drawer = lazy(() => patiently(() => import('./drawer')));
const Confirm = lazy(async () => ({
  default: (await patiently(() => import('@/components/ui/confirm'))).ConfirmDialog,
}));

/** The menus of the header, with room for them before they are there. */
export function LaterMenus() {
  return (
    <Suspense fallback={<span aria-hidden className="h-8 w-26" />}>
      <Menus />
    </Suspense>
  );
}

interface Opened {
  open: boolean;
  onOpenChange(open: boolean): void;
}

/** Once it was wanted it stays, so that closing it is drawn, too. */
function useWanted(open: boolean): boolean {
  const [wanted, setWanted] = useState(open);
  useEffect(() => {
    if (open) setWanted(true);
  }, [open]);
  return wanted || open;
}

export function LaterPalette(props: Opened) {
  return useWanted(props.open) ? (
    <Suspense>
      <Palette {...props} />
    </Suspense>
  ) : null;
}

export function LaterDrawer(props: Opened) {
  return useWanted(props.open) ? (
    <Suspense>
      <Drawer {...props} />
    </Suspense>
  ) : null;
}

/** By itself a while after the page came: it would be fetched together with what the page is made of. */
export function LaterConfirm() {
  const [later, setLater] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLater(true), FIRST_MS);
    return () => clearTimeout(timer);
  }, []);
  return later ? (
    <Suspense>
      <Confirm />
    </Suspense>
  ) : null;
}
