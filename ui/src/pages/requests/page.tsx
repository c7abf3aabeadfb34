import { useQueryClient } from '@tanstack/react-query';
import { ArrowUp, Inbox, RefreshCw } from 'lucide-react';
import { type UIEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { DataTable } from '@/components/data-table';
import { PageBody } from '@/components/page-body';
import { Empty, Failed, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { useFormats } from '@/lib/format';
import { type LogEntry, logsKey, useLogCount, useLogs } from './api';
import { useColumns } from './columns';
import { FilterBar } from './filter-bar';
import { countOf, filterNames, filtersOf } from './filters';
import { type LiveState, useLive } from './live';
import { LogMenu } from './log-menu';
import { RequestDrawer } from './request-drawer';

export default function Requests() {
  const { t } = useTranslation('requests');
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const queries = useQueryClient();
  const [asOf, setAsOf] = useState(() => Date.now());
  const names = filterNames.map((name) => values[name] ?? '').join('\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address gives a new object with each look
  const filters = useMemo(() => filtersOf(values, asOf), [names, asOf]);
  const log = useLogs(filters);
  const [held, setHeld] = useState(false);
  const live = useLive(values.live !== 'off' && !filters.until, filters, held, asOf);
  const scroller = useRef<HTMLElement | undefined>(undefined);
  const columns = useColumns();

  const older = useMemo(() => log.data?.pages.flatMap((page) => page.logs) ?? [], [log.data]);
  const fresh = useMemo(() => {
    const known = new Set(older.map((row) => row.id));
    return live.rows.filter((row) => !known.has(row.id));
  }, [live.rows, older]);
  const rows = useMemo(() => [...fresh, ...older], [fresh, older]);
  const place = rows.findIndex((row) => row.id === values.id);

  const scrolled = (event: UIEvent) => {
    if (!(event.target instanceof HTMLElement) || event.target.tagName !== 'SECTION') return;
    scroller.current = event.target;
    const away = event.target.scrollTop > 20;
    setHeld(away);
    if (!away && live.waiting) live.release();
  };
  const toTop = () => {
    live.release();
    scroller.current?.scrollTo({ top: 0 });
  };
  const anew = () => {
    setAsOf(Date.now());
    void queries.invalidateQueries({ queryKey: logsKey });
  };
  // A tab that is left open for a day: what came is part of the log by then, of which one page is held.
  useEffect(() => {
    if (!live.full || held) return;
    setAsOf(Date.now());
    for (const part of ['pages', 'count']) void queries.resetQueries({ queryKey: [...logsKey, part] });
  }, [live.full, held, queries]);

  return (
    <PageBody size="fill">
      <FilterBar
        values={values}
        set={setSearch}
        actions={
          <>
            <Button size="icon" aria-label={t('refresh')} onClick={anew} busy={log.isRefetching}>
              {!log.isRefetching && <RefreshCw aria-hidden />}
            </Button>
            <LogMenu filters={filters} />
          </>
        }
      />
      <Card className="relative flex min-h-64 flex-1 flex-col overflow-hidden" bodyClassName="min-h-0 flex-1 p-0">
        <div className="flex h-full flex-col" onScrollCapture={scrolled}>
          <Summary filters={filters} extra={fresh.length} state={live.state} live={values.live !== 'off'} />
          {log.isError && <Failed error={log.error} retry={() => void log.refetch()} className="m-3" />}
          {log.isPending ? (
            <Skeleton lines={10} className="p-4" />
          ) : (
            <DataTable<LogEntry>
              label={t('title')}
              columns={columns}
              rows={rows}
              rowId={(row) => row.id}
              opened={values.id}
              onOpen={(row) => setSearch({ id: row.id })}
              onEnd={() => {
                if (log.hasNextPage && !log.isFetchingNextPage) void log.fetchNextPage();
              }}
              className="min-h-0 flex-1"
              empty={!log.isError && <Nothing filtered={Boolean(values.q) || countOf(values) > 0} />}
            />
          )}
        </div>
        {live.waiting > 0 && (
          <Button
            look="primary"
            size="small"
            onClick={toTop}
            className="enter absolute top-12 left-1/2 z-20 -translate-x-1/2"
          >
            <ArrowUp aria-hidden />
            {t('newer', { count: live.waiting })}
          </Button>
        )}
      </Card>
      {values.id && (
        <RequestDrawer
          id={values.id}
          close={() => setSearch({ id: undefined })}
          newer={place > 0 ? () => setSearch({ id: rows[place - 1]?.id }) : undefined}
          older={place >= 0 && place < rows.length - 1 ? () => setSearch({ id: rows[place + 1]?.id }) : undefined}
        />
      )}
    </PageBody>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  const { t } = useTranslation('requests');
  const setSearch = useSetSearch();
  const none = Object.fromEntries(filterNames.map((name) => [name, undefined]));
  if (!filtered) return <Empty icon={Inbox} title={t('none.title')} text={t('none.text')} />;
  return (
    <Empty
      icon={Inbox}
      title={t('nothingFound')}
      action={<Button onClick={() => setSearch(none)}>{t('clearFilters')}</Button>}
    />
  );
}

interface SummaryProps {
  filters: ReturnType<typeof filtersOf>;
  extra: number;
  state: LiveState;
  live: boolean;
}

function Summary({ filters, extra, state, live }: SummaryProps) {
  const { t } = useTranslation('requests');
  const formats = useFormats();
  const setSearch = useSetSearch();
  const count = useLogCount(filters);
  const tones: Record<LiveState, string> = {
    off: 'bg-ink-faint',
    connecting: 'bg-warn',
    live: 'bg-good pulse',
    lost: 'bg-bad',
  };
  return (
    <div className="flex min-h-10 items-center gap-3 border-line border-b px-3 text-sm">
      <p role="status" className="numbers text-ink-soft">
        {count.data === undefined
          ? ' '
          : t('count', { count: count.data + extra, number: formats.number(count.data + extra) })}
      </p>
      <Button
        look="quiet"
        size="small"
        className="ml-auto"
        aria-pressed={live}
        disabled={Boolean(filters.until)}
        onClick={() => setSearch({ live: live ? 'off' : undefined })}
      >
        <span aria-hidden className={`size-2 rounded-full ${tones[state]}`} />
        {t(`live.${filters.until ? 'off' : state}`)}
      </Button>
    </div>
  );
}
