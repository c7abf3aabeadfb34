import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { type Columns, DataTable } from '@/components/data-table';
import { Loaded, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Tabs } from '@/components/ui/tabs';
import { csvOf, saveFile } from '@/lib/download';
import { useFormats } from '@/lib/format';
import { type Only, type Row, useBreakdown } from './api';
import { type Dimension, dimensions, type Window } from './window';

const names = Object.keys(dimensions) as Dimension[];

/** Who and what used it. A row narrows the page to itself. */
export function Breakdown({ window, only }: { window: Window; only: Only }) {
  const { t } = useTranslation('statistics');
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const shown = names.find((each) => each === values.of) ?? 'model';
  return (
    <Card title={t('breakdown')}>
      <Tabs
        value={shown}
        onChange={(of) => setSearch({ of })}
        tabs={names.map((each) => ({
          id: each,
          label: t(`dimension.${each}`),
          content: <By dimension={each} window={window} only={only} />,
        }))}
      />
    </Card>
  );
}

function By({ dimension, window, only }: { dimension: Dimension; window: Window; only: Only }) {
  const { t } = useTranslation('statistics');
  const setSearch = useSetSearch();
  const query = useBreakdown(dimension, window, only);
  const columns = useColumns(dimension, query.data ?? []);
  const { filter } = dimensions[dimension];
  const download = (rows: readonly Row[]) => {
    const head = [
      t(`dimension.${dimension}`),
      ...(['requests', 'failed', 'input', 'output', 'cached', 'cost'] as const).map((each) => t(`column.${each}`)),
    ];
    const cells = rows.map((row) => [row.name, row.requests, row.failed, row.input, row.output, row.cached, row.cost]);
    saveFile(`crawdad-tokens-by-${dimension}.csv`, csvOf([head, ...cells]), 'text/csv');
  };
  return (
    <Loaded query={query} skeleton={<Skeleton lines={6} />}>
      {(rows) => (
        <>
          <DataTable
            label={t(`dimension.${dimension}`)}
            columns={columns}
            rows={rows}
            rowId={(row) => row.id || ' '}
            onOpen={filter && ((row) => setSearch({ [filter]: row.id }))}
            className="max-h-96"
          />
          {rows.length > 0 && (
            <div className="mt-2 flex justify-end">
              <Button size="small" onClick={() => download(rows)}>
                <Download aria-hidden />
                {t('csv')}
              </Button>
            </div>
          )}
        </>
      )}
    </Loaded>
  );
}

function useColumns(dimension: Dimension, rows: readonly Row[]): Columns<Row> {
  const { t } = useTranslation('statistics');
  const formats = useFormats();
  const total = rows.reduce((sum, row) => sum + row.input + row.output, 0);
  const number = (id: keyof Row, from?: 'sm' | 'md' | 'lg'): Columns<Row>[number] => ({
    id,
    accessorFn: (row) => row[id] ?? -1,
    header: t(`column.${id}`),
    cell: ({ row }) => formats.compact(Number(row.original[id])),
    meta: { align: 'right', width: 'w-24 min-w-20', from },
  });
  return [
    {
      id: 'name',
      accessorFn: (row) => row.name,
      header: t(`dimension.${dimension}`),
      cell: ({ row: { original } }) => (
        <span className="font-medium" title={original.id}>
          {original.name || t('nobody')}
        </span>
      ),
      meta: { width: 'flex-1 min-w-32' },
    },
    {
      id: 'share',
      accessorFn: (row) => row.input + row.output,
      header: t('column.share'),
      cell: ({ row: { original } }) => {
        const share = total ? (original.input + original.output) / total : 0;
        return (
          <span className="flex w-32 items-center gap-2">
            <span aria-hidden className="h-1.5 flex-1 overflow-hidden rounded-full bg-sunken">
              <span className="block h-full rounded-full bg-accent" style={{ width: `${share * 100}%` }} />
            </span>
            <span className="numbers w-12 text-right text-xs">{formats.percent(share)}</span>
          </span>
        );
      },
      meta: { width: 'w-38', from: 'md' },
    },
    number('requests'),
    number('failed', 'md'),
    number('input'),
    number('output'),
    number('cached', 'lg'),
    {
      id: 'cost',
      accessorFn: (row) => row.cost ?? -1,
      header: t('column.cost'),
      cell: ({ row: { original } }) => (
        <span title={original.unpriced ? t('unpriced', { count: original.unpriced }) : undefined}>
          {formats.money(original.cost)}
          {original.unpriced > 0 && '*'}
        </span>
      ),
      meta: { align: 'right', width: 'w-24 min-w-20' },
    },
  ];
}
