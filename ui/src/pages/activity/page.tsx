import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Download, Eraser, MessageSquareText } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink, useSearchValues, useSetSearch } from '@/app/links';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { PageBody } from '@/components/page-body';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Moment } from '@/components/time';
import { Badge, type Tone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { Select } from '@/components/ui/input';
import { SearchField } from '@/components/ui/search-field';
import { saveFile } from '@/lib/download';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { type Entry, EVERY_MS, MOST, STEP, sources, wordsIn } from './entries';

const activityKey = ['rest', 'activity'] as const;
const tones: Record<string, Tone> = { openclaw: 'accent', qq: 'good', wechat: 'good' };

/** What happened: messages of the channels, what agents did, changes and sign-ins; the newest first. */
export default function Activity() {
  const { t } = useTranslation('activity');
  const formats = useFormats();
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const [limit, setLimit] = useState(STEP);
  const search = useDeferredValue(values.q ?? '');
  const source = sources.find((each) => each === values.source) ?? '';
  const mayClear = usePermission('logs.manage');
  const query = useQuery({
    queryKey: [...activityKey, source, search, limit],
    queryFn: ({ signal }) =>
      rest.get<{ entries: Entry[]; total: number }>('/api/events', { query: { source, search, limit }, signal }),
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
  const clear = useAction(() => rest.post('/api/events/clear', { body: {} }), {
    refresh: [activityKey],
    done: () => t('cleared'),
  });
  const askToClear = async () => {
    if (await confirm({ title: t('clear.title'), text: t('clear.text'), action: t('clear') })) clear.mutate();
  };
  const save = (entries: Entry[]) =>
    saveFile(
      'crawdad-activity.jsonl',
      `${entries.map((entry) => JSON.stringify(entry)).join('\n')}\n`,
      'application/x-ndjson',
    );
  return (
    <PageBody
      intro={
        <>
          {t('intro')}{' '}
          <PageLink
            to="/configuration"
            search={{ at: 'language' }}
            className="text-accent underline underline-offset-2"
          >
            {t('language')}
          </PageLink>
        </>
      }
      actions={
        <div className="flex flex-wrap gap-2">
          <Button size="small" disabled={!query.data?.entries.length} onClick={() => save(query.data?.entries ?? [])}>
            <Download aria-hidden />
            {t('download')}
          </Button>
          {mayClear && (
            <Button size="small" busy={clear.isPending} disabled={!query.data?.total} onClick={() => void askToClear()}>
              <Eraser aria-hidden />
              {t('clear')}
            </Button>
          )}
        </div>
      }
    >
      <div className="flex flex-wrap items-center gap-2">
        <SearchField
          label={t('search')}
          placeholder={t('search')}
          className="min-w-40 flex-1 sm:max-w-96"
          value={values.q}
          onValue={(q) => setSearch({ q })}
        />
        <Select
          aria-label={t('source')}
          className="w-auto"
          value={source}
          onChange={(event) => setSearch({ source: event.target.value || undefined })}
        >
          <option value="">{t('source.all')}</option>
          {sources.map((each) => (
            <option key={each} value={each}>
              {t(`source.${each}`)}
            </option>
          ))}
        </Select>
      </div>
      <Loaded query={query} skeleton={<Skeleton lines={10} />}>
        {({ entries, total }) => (
          <Card bodyClassName="p-0">
            {entries.length ? (
              <ol aria-label={t('entries')} className="divide-y divide-line">
                {entries.map((entry) => (
                  <Row key={entry.id} entry={entry} />
                ))}
              </ol>
            ) : (
              <Empty icon={MessageSquareText} title={t('none.title')} text={t('none.text')} />
            )}
            {entries.length > 0 && (
              <p className="flex flex-wrap items-center gap-3 border-line border-t px-4 py-2 text-ink-faint text-xs">
                {t('shown', { shown: formats.number(entries.length), total: formats.number(total) })}
                {total > entries.length && limit < MOST && (
                  <Button size="small" look="quiet" onClick={() => setLimit(limit + STEP)}>
                    {t('more')}
                  </Button>
                )}
              </p>
            )}
          </Card>
        )}
      </Loaded>
    </PageBody>
  );
}

function Row({ entry }: { entry: Entry }) {
  const { t } = useTranslation('activity');
  return (
    <li className="grid gap-1 px-4 py-2 text-sm">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Moment at={entry.time} className="numbers shrink-0 text-ink-faint text-xs" />
        <Badge tone={tones[entry.source] ?? 'neutral'}>
          {t(`source.${entry.source}`, { defaultValue: entry.source })}
        </Badge>
        <span className="min-w-0 flex-1 basis-60 break-words">{wordsIn(entry)}</span>
      </p>
      {entry.detail && (
        <details>
          <summary className="text-ink-soft text-xs">{t('detail')}</summary>
          <pre className="mt-1 max-h-64 overflow-auto whitespace-pre-wrap break-words rounded bg-sunken p-2 font-mono text-xs">
            {entry.detail}
          </pre>
        </details>
      )}
    </li>
  );
}
