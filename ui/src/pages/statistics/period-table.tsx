import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type Columns, DataTable } from '@/components/data-table';
import { useFormats } from '@/lib/format';
import type { Period } from './api';

interface PeriodTableProps {
  periods: readonly Period[];
  name(seconds: number): string;
  /** The names hold an hour as well. */
  long: boolean;
}

/** The numbers of the chart, the latest first. On a phone all of it fits in, but for hours. */
export function PeriodTable({ periods, name, long }: PeriodTableProps) {
  const { t } = useTranslation('statistics');
  const formats = useFormats();
  const rows = useMemo(() => [...periods].reverse(), [periods]);
  const columns: Columns<Period> = [
    {
      id: 'period',
      accessorFn: (row) => row.start,
      header: t('column.period'),
      cell: ({ row }) => <span className="numbers">{name(row.original.start)}</span>,
      meta: { width: long ? 'flex-1 min-w-32' : 'flex-1 min-w-20' },
    },
    {
      id: 'requests',
      accessorFn: (row) => row.request_count,
      header: t('column.requests'),
      cell: ({ row: { original } }) => (
        <>
          {formats.number(original.request_count)}
          {original.failed_requests > 0 && (
            <span className="ml-1 text-bad text-xs">+{formats.number(original.failed_requests)}</span>
          )}
        </>
      ),
      meta: { align: 'right', width: 'w-22' },
    },
    {
      id: 'tokens',
      accessorFn: (row) => row.total_tokens,
      header: t('column.tokens'),
      cell: ({ row }) => formats.compact(row.original.total_tokens),
      meta: { align: 'right', width: 'w-18' },
    },
    {
      id: 'cost',
      accessorFn: (row) => row.total_cost ?? -1,
      header: t('column.cost'),
      cell: ({ row }) => formats.money(row.original.total_cost),
      meta: { align: 'right', width: 'w-20' },
    },
  ];
  return (
    <DataTable
      label={t('tableLabel')}
      columns={columns}
      rows={rows}
      rowId={(row) => String(row.start)}
      rowHeight={32}
      className="h-80"
    />
  );
}
