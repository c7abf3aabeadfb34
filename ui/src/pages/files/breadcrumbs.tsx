import { ChevronRight, House } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { useAgent } from './api';
import { crumbsOf } from './paths';

/** The way to a folder; each step leads back to it. */
export function Breadcrumbs({ path }: { path: string }) {
  const { t } = useTranslation('files');
  const agent = useAgent() || undefined;
  const look = 'min-w-0 max-w-48 truncate rounded px-1 py-0.5 text-ink-soft hover:bg-sunken hover:text-ink';
  const crumbs = crumbsOf(path);
  return (
    <nav aria-label={t('where')} className="min-w-0 flex-1 basis-full sm:basis-48">
      <ol className="flex min-w-0 flex-wrap items-center gap-0.5 text-sm">
        <li className="flex items-center">
          <PageLink to="/files" search={{ agent }} className={look} aria-current={crumbs.length ? undefined : 'page'}>
            <span className="flex items-center gap-1.5">
              <House aria-hidden className="size-4" />
              {t('root')}
            </span>
          </PageLink>
        </li>
        {crumbs.map((crumb, place) => (
          <li key={crumb.path} className="flex min-w-0 items-center gap-0.5">
            <ChevronRight aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
            <PageLink
              to="/files"
              search={{ agent, path: crumb.path }}
              className={look}
              aria-current={place === crumbs.length - 1 ? 'page' : undefined}
            >
              {crumb.name}
            </PageLink>
          </li>
        ))}
      </ol>
    </nav>
  );
}
