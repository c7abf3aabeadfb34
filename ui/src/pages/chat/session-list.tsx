import { GitFork, Plus, Search } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { callKey, useCall, useRefreshOn } from '@/client/control';
import { sessionName } from '@/client/session-names';
import { previewOf } from '@/client/session-preview';
import { Empty, Loaded } from '@/components/states';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { SearchField } from '@/components/ui/search-field';
import { cn } from '@/lib/cn';

const page = 100;

interface ListProps {
  chosen?: string;
  onNew(): void;
}

/** The conversations, the newest first. */
export function SessionList({ chosen, onNew }: ListProps) {
  const { t } = useTranslation('chat');
  const [typed, setTyped] = useState('');
  const search = useDeferredValue(typed.trim());
  const [most, setMost] = useState(page);
  const sessions = useCall(
    'sessions.list',
    { limit: most, includeDerivedTitles: true, includeLastMessage: true, ...(search ? { search } : {}) },
    { keep: true },
  );
  useRefreshOn(['chat'], [callKey('sessions.list')]);
  return (
    <div className="flex h-full flex-col">
      <div className="flex items-center gap-2 p-3">
        <div className="relative flex-1">
          <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-faint" />
          <SearchField label={t('searchSessions')} className="pl-8" value={typed} onValue={setTyped} />
        </div>
        <Button look="primary" size="icon" aria-label={t('new')} onClick={onNew}>
          <Plus aria-hidden />
        </Button>
      </div>
      <nav aria-label={t('sessions')} className="min-h-0 flex-1 overflow-y-auto px-2 pb-3">
        <Loaded query={sessions}>
          {({ sessions: rows }) =>
            rows.length ? (
              <>
                <ul className="grid gap-px">
                  {rows.map((row) => (
                    <li key={row.key}>
                      <PageLink
                        to="/chat"
                        search={{ session: row.key }}
                        aria-current={chosen === row.key ? 'page' : undefined}
                        className={cn(
                          'grid gap-0.5 rounded-md px-2.5 py-2 text-sm',
                          chosen === row.key ? 'bg-accent-wash' : 'hover:bg-sunken',
                        )}
                      >
                        <span className="flex items-baseline gap-2">
                          {row.forkedFrom && (
                            <GitFork
                              aria-label={t('fork.copy')}
                              className="size-3.5 shrink-0 self-center text-ink-faint"
                            />
                          )}
                          <span className="min-w-0 flex-1 truncate font-medium">{sessionName(row)}</span>
                          <Ago at={row.updatedAt} className="shrink-0 text-ink-faint text-xs" />
                        </span>
                        {row.lastMessagePreview && (
                          <span className="truncate text-ink-soft text-xs">{previewOf(row.lastMessagePreview)}</span>
                        )}
                      </PageLink>
                    </li>
                  ))}
                </ul>
                {rows.length >= most && (
                  <Button look="quiet" size="small" className="mt-1 w-full" onClick={() => setMost(most + page)}>
                    {t('more')}
                  </Button>
                )}
              </>
            ) : (
              <Empty title={search ? t('nothingFound') : t('noSessions')} />
            )
          }
        </Loaded>
      </nav>
    </div>
  );
}
