import { MessagesSquare } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { callKey, useCall, useRefreshOn } from '@/client/control';
import type { SessionRow } from '@/client/control-types';
import { sessionName } from '@/client/session-names';
import { previewOf } from '@/client/session-preview';
import { Meter } from '@/components/bars';
import { type Columns, DataTable } from '@/components/data-table';
import { PageBody } from '@/components/page-body';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Select } from '@/components/ui/input';
import { SearchField } from '@/components/ui/search-field';
import { useFormats } from '@/lib/format';
import { agentOf, fullness } from './data';
import { type Names, useNames } from './names';
import { SessionDrawer } from './session-drawer';

export default function Sessions() {
  const { t } = useTranslation('sessions');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const agents = useCall('agents.list', {});
  const query = useCall(
    'sessions.list',
    {
      limit: 1000,
      includeDerivedTitles: true,
      includeLastMessage: true,
      ...(search.agent ? { agentId: search.agent } : {}),
      ...(search.q ? { search: search.q } : {}),
    },
    { keep: true, refetchInterval: 30_000 },
  );
  useRefreshOn(['chat'], [callKey('sessions.list')]);
  const names = useNames();
  const columns = useColumns(names);
  const opened = query.data?.sessions.find((row) => row.key === search.session);
  const narrowed = Boolean(search.q || search.agent);
  return (
    <PageBody size="fill">
      <div className="flex flex-wrap items-center gap-2">
        <SearchField label={t('find')} className="w-full sm:w-72" value={search.q} onValue={(q) => setSearch({ q })} />
        <Select
          aria-label={t('agent')}
          className="w-auto max-w-full"
          value={search.agent ?? ''}
          onChange={(event) => setSearch({ agent: event.target.value })}
        >
          <option value="">{t('agent.all')}</option>
          {agents.data?.agents.map((each) => (
            <option key={each.id} value={each.id}>
              {names.agent(each.id)}
            </option>
          ))}
        </Select>
        <span className="text-ink-faint text-sm">
          {query.data && t('count', { count: query.data.sessions.length })}
        </span>
      </div>
      <Card className="flex min-h-80 flex-1 flex-col overflow-hidden" bodyClassName="min-h-0 flex-1 p-0">
        <Loaded query={query} skeleton={<Skeleton lines={10} className="p-4" />}>
          {({ sessions }) => (
            <DataTable
              label={t('sessions')}
              columns={columns}
              rows={sessions}
              rowId={(row) => row.key}
              opened={opened?.key}
              onOpen={(row) => setSearch({ session: row.key })}
              className="h-full"
              empty={
                narrowed ? (
                  <Empty title={t('nothingFound')} />
                ) : (
                  <Empty icon={MessagesSquare} title={t('none.title')} text={t('none.text')} />
                )
              }
            />
          )}
        </Loaded>
      </Card>
      {opened && <SessionDrawer key={opened.key} row={opened} close={() => setSearch({ session: undefined })} />}
    </PageBody>
  );
}

function useColumns(names: Names): Columns<SessionRow> {
  const { t } = useTranslation('sessions');
  const formats = useFormats();
  return useMemo(
    () => [
      {
        id: 'name',
        header: t('session'),
        accessorFn: sessionName,
        cell: ({ row: { original: row } }) => (
          <span className="flex min-w-0 items-center gap-2">
            <span className="min-w-0 truncate font-medium">{sessionName(row)}</span>
            {row.channel && <Badge>{names.channel(row.channel)}</Badge>}
            <span className="min-w-0 flex-1 truncate text-ink-faint text-xs max-lg:hidden">
              {row.lastMessagePreview && previewOf(row.lastMessagePreview)}
            </span>
          </span>
        ),
      },
      {
        id: 'agent',
        header: t('agent'),
        accessorFn: (row) => names.agent(agentOf(row.key)),
        meta: { from: 'sm', width: 'w-32' },
      },
      {
        id: 'model',
        header: t('model'),
        accessorFn: (row) => row.model ?? '',
        meta: { from: 'lg', width: 'w-44' },
      },
      {
        id: 'tokens',
        header: t('tokens'),
        accessorFn: (row) => (row.inputTokens ?? 0) + (row.outputTokens ?? 0),
        cell: ({ getValue }) => formats.compact(getValue()),
        meta: { align: 'right', from: 'md', width: 'w-24' },
      },
      {
        id: 'full',
        header: t('window'),
        accessorFn: (row) => fullness(row) ?? 0,
        cell: ({ row: { original: row } }) => {
          const share = fullness(row);
          return share === undefined ? '–' : <Meter share={share} label={t('windowOf', { name: sessionName(row) })} />;
        },
        meta: { from: 'xl', width: 'w-28' },
      },
      {
        id: 'at',
        header: t('last'),
        accessorFn: (row) => row.updatedAt,
        cell: ({ getValue }) => <Ago at={getValue()} />,
        meta: { align: 'right', width: 'w-32' },
      },
    ],
    [t, formats, names],
  );
}
