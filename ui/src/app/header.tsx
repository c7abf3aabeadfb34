import { Search } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language } from '@/i18n';
import { ConnectionState } from './connection';
import { LaterMenus } from './later';
import { useCurrentPage } from './title';

export function Header({ onSearch, menu }: { onSearch(): void; menu: ReactNode }) {
  const { t, i18n } = useTranslation('common');
  const page = useCurrentPage();
  const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-line border-b bg-surface px-2 lg:px-5">
      {menu}
      <h1 className="line-clamp-2 min-w-0 font-semibold text-base leading-tight sm:text-lg">
        {page?.label[i18n.language as Language] ?? 'Crawdad'}
      </h1>
      <div className="ml-auto flex items-center gap-1">
        <button
          type="button"
          onClick={onSearch}
          aria-keyshortcuts="Control+K Meta+K"
          className="flex h-8 items-center gap-2 rounded-md border border-line-strong px-2 text-ink-faint text-sm hover:border-ink-faint sm:w-52"
        >
          <Search aria-hidden className="size-4" />
          <span className="sr-only flex-1 text-left sm:not-sr-only">{t('search')}</span>
          <kbd className="hidden rounded bg-sunken px-1.5 font-sans text-xs sm:inline">{mac ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
        <ConnectionState />
        <LaterMenus />
      </div>
    </header>
  );
}
