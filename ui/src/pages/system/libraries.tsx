import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/client/errors';
import { type Columns, DataTable } from '@/components/data-table';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Dialog } from '@/components/ui/dialog';
import { Input } from '@/components/ui/input';

type Library = readonly [name: string, version: string, licence: string];
type Side = 'server' | 'console';
type Row = { side: Side; name: string; version: string; licence: string };

/** What the build wrote down of its lock files. */
async function libraries(signal: AbortSignal): Promise<Row[]> {
  let answer: Response;
  try {
    answer = await fetch(`${import.meta.env.BASE_URL}licences.json`, { signal });
  } catch (fault) {
    if (signal.aborted) throw fault;
    throw ApiError.unreachable(fault);
  }
  if (!answer.ok) throw await ApiError.from(answer);
  const found = (await answer.json()) as Record<Side, Library[]>;
  return (['server', 'console'] as const).flatMap((side) =>
    found[side].map(([name, version, licence]) => ({ side, name, version, licence })),
  );
}

/** The libraries that come along, with their licences. */
export default function Libraries({ close }: { close(): void }) {
  const { t } = useTranslation('system');
  const [typed, setTyped] = useState('');
  const query = useQuery({
    queryKey: ['licences'],
    queryFn: ({ signal }) => libraries(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const columns = useColumns();
  const words = typed.trim().toLowerCase();
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={t('libraries')} description={t('others')} shape="wide">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3 pb-3">
        <Input
          type="search"
          aria-label={t('libraries.find')}
          placeholder={t('libraries.find')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Loaded query={query} skeleton={<Skeleton lines={8} />}>
          {(rows) => (
            <DataTable
              label={t('libraries')}
              columns={columns}
              rows={rows.filter((row) => `${row.name} ${row.licence}`.toLowerCase().includes(words))}
              rowId={(row) => `${row.side} ${row.name} ${row.version}`}
              className="max-h-[60vh]"
              empty={<Empty title={t('nothingFound')} />}
            />
          )}
        </Loaded>
      </div>
    </Dialog>
  );
}

function useColumns(): Columns<Row> {
  const { t } = useTranslation('system');
  return useMemo(
    () => [
      {
        id: 'name',
        header: t('libraries.name'),
        accessorFn: (row) => row.name,
        cell: ({ getValue }) => <span className="font-medium">{getValue()}</span>,
        meta: { width: 'flex-1 min-w-32' },
      },
      { id: 'version', header: t('version'), accessorFn: (row) => row.version, meta: { from: 'sm', width: 'w-28' } },
      {
        id: 'licence',
        header: t('libraries.licence'),
        accessorFn: (row) => row.licence || '–',
        meta: { width: 'w-44' },
      },
      {
        id: 'side',
        header: t('libraries.side'),
        accessorFn: (row) => t(`libraries.${row.side}`),
        meta: { from: 'md', width: 'w-28' },
      },
    ],
    [t],
  );
}
