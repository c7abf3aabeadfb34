import { useTranslation } from 'react-i18next';
import { useSession } from '@/client/session';
import type { Language } from '@/i18n';
import { cn } from '@/lib/cn';
import { PageLink } from './links';
import { Mark } from './mark';
import { groups } from './page';
import { useVisiblePages } from './pages';
import { useCurrentPage } from './title';

export function Sidebar() {
  const { t, i18n } = useTranslation('common');
  const language = i18n.language as Language;
  const visible = useVisiblePages().filter((page) => !page.hidden);
  const current = useCurrentPage();
  const version = useSession()?.version;
  return (
    <div className="flex h-full flex-col">
      <PageLink to="/" className="flex h-14 shrink-0 items-center gap-2.5 px-4 font-semibold text-ink text-lg">
        <Mark />
        Crawdad
      </PageLink>
      <nav aria-label={t('navigation')} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        {groups.map((group) => {
          const members = visible.filter((page) => page.group === group);
          if (!members.length) return null;
          return (
            <div key={group} className="pt-3">
              <p id={`group-${group}`} className="px-2 pb-1 font-medium text-ink-faint text-xs">
                {t(`group.${group}`)}
              </p>
              <ul aria-labelledby={`group-${group}`}>
                {members.map((page) => {
                  const here = current?.id === page.id;
                  return (
                    <li key={page.id}>
                      <PageLink
                        to={page.routes[0].path.split('/$')[0] || '/'}
                        aria-current={here ? 'page' : undefined}
                        className={cn(
                          'relative flex h-8 items-center gap-2.5 rounded-md px-2 text-sm transition-colors max-lg:h-10',
                          here ? 'bg-accent-wash font-medium text-ink' : 'text-ink-soft hover:bg-sunken hover:text-ink',
                        )}
                      >
                        <page.icon aria-hidden className={cn('size-4 shrink-0', here && 'text-accent')} />
                        <span className="truncate">{page.label[language]}</span>
                      </PageLink>
                    </li>
                  );
                })}
              </ul>
            </div>
          );
        })}
      </nav>
      {version && <p className="numbers shrink-0 px-4 py-3 text-ink-faint text-xs">{t('version', { version })}</p>}
    </div>
  );
}
