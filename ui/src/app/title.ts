import { useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language } from '@/i18n';
import type { Page } from './page';
import { pages } from './pages';

/** The page that an address belongs to: the one whose path is the longest beginning of it. */
export function pageAt(path: string): Page | undefined {
  const fixed = (page: Page) => page.routes[0].path.split('/$')[0] ?? '/';
  return pages
    .filter((page) => {
      const start = fixed(page);
      return start === '/' ? path === '/' : path === start || path.startsWith(`${start}/`);
    })
    .sort((a, b) => fixed(b).length - fixed(a).length)[0];
}

/** The page that is shown. */
export function useCurrentPage(): Page | undefined {
  return pageAt(useLocation().pathname);
}

export function usePageTitle(): void {
  const page = useCurrentPage();
  const language = useTranslation().i18n.language as Language;
  useEffect(() => {
    document.title = page ? `${page.label[language]} · Crawdad` : 'Crawdad';
  }, [page, language]);
}
