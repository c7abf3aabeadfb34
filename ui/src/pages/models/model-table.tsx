import { EllipsisVertical } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useCall } from '@/client/control';
import { type Columns, DataTable } from '@/components/data-table';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { Menu, MenuItem, MenuLine } from '@/components/ui/menu';
import { SearchField } from '@/components/ui/search-field';
import { copyText } from '@/lib/clipboard';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { everything, modelApi, useModelNames, useProviders, useRouting } from './api';
import { type Model, modelsOf } from './routing';
import { TestButton, TestResult } from './tests';

/** Every name that can be asked for, and where it comes from. */
export function ModelTable({ write }: { write: boolean }) {
  const { t } = useTranslation('models');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const names = useModelNames();
  const providers = useProviders().data;
  const { routing } = useRouting();
  const columns = useColumns(write, routing?.agentModel);
  const rows = useMemo(() => {
    const wanted = (search.q ?? '').toLowerCase();
    const all = modelsOf(names.data ?? [], providers ?? {}, routing?.aliases ?? {});
    return all.filter((model) => `${model.name} ${model.provider}`.toLowerCase().includes(wanted));
  }, [names.data, providers, routing?.aliases, search.q]);
  return (
    <Card
      title={t('nameCount', { count: rows.length })}
      aside={<SearchField label={t('find')} className="h-7 w-48" value={search.q} onValue={(q) => setSearch({ q })} />}
      bodyClassName="p-0"
    >
      <Loaded query={names} skeleton={<Skeleton lines={8} className="p-4" />}>
        {() => (
          <DataTable
            label={t('tab.models')}
            columns={columns}
            rows={rows}
            rowId={(row) => row.name}
            className="max-h-[calc(100vh-15rem)]"
            empty={<Empty title={t('nothingFound')} />}
          />
        )}
      </Loaded>
    </Card>
  );
}

function useColumns(write: boolean, agentModel: string | undefined): Columns<Model> {
  const { t } = useTranslation('models');
  const formats = useFormats();
  const told = useCall('models.list', {}).data?.models;
  return useMemo(() => {
    const known = new Map(told?.map((model) => [`${model.provider}/${model.id}`, model]));
    return [
      {
        id: 'name',
        accessorFn: (row) => row.name,
        header: t('name'),
        cell: ({ row: { original: model } }) => (
          <span className="flex min-w-0 items-center gap-2">
            <span className="truncate font-mono text-xs" title={model.name}>
              {model.name}
            </span>
            {model.name === agentModel && <Badge tone="accent">{t('agentDefault')}</Badge>}
          </span>
        ),
        meta: { width: 'flex-1 min-w-40' },
      },
      {
        id: 'origin',
        accessorFn: (row) => row.origin,
        header: t('origin'),
        cell: ({ row: { original: model } }) => <span className="text-ink-soft">{t(`origin.${model.origin}`)}</span>,
        meta: { width: 'w-44', from: 'sm' },
      },
      {
        id: 'context',
        accessorFn: (row) => known.get(row.name)?.contextWindow ?? 0,
        header: t('context'),
        cell: ({ row: { original: model } }) => {
          const window = known.get(model.name)?.contextWindow;
          return window ? formats.compact(window) : '–';
        },
        meta: { align: 'right', width: 'w-28', from: 'md' },
      },
      {
        id: 'test',
        enableSorting: false,
        header: t('testColumn'),
        cell: ({ row: { original: model } }) =>
          can(model) && (
            <span className="flex w-40 items-center gap-1 sm:w-64">
              {write && <TestButton provider={model.provider} model={model.id} />}
              <span className="truncate">
                <TestResult provider={model.provider} model={model.id} />
              </span>
            </span>
          ),
        meta: { width: 'w-70', from: 'sm' },
      },
      {
        id: 'actions',
        enableSorting: false,
        header: () => <span className="sr-only">{t('actions')}</span>,
        cell: ({ row: { original: model } }) => <Actions model={model} write={write} />,
        meta: { width: 'w-14' },
      },
    ];
  }, [t, formats, told, write, agentModel]);
}

/** Whether a provider can be asked for it: aliases and agents lead elsewhere. */
const can = (model: Model): boolean => ['configured', 'discovered', 'account'].includes(model.origin);

function Actions({ model, write }: { model: Model; write: boolean }) {
  const { t } = useTranslation('models');
  const setSearch = useSetSearch();
  const { name } = model;
  const setDefault = useAction(() => modelApi.setDefault(name), {
    refresh: everything,
    done: () => t('madeDefault', { name }),
  });
  const remove = useAction(() => modelApi.removeModel(model.provider, model.id), {
    refresh: everything,
    done: () => t('removed', { name }),
  });
  const ask = async () => {
    const sure = await confirm({
      title: t('remove.title', { name }),
      text: t('removeModel.text'),
      action: t('remove'),
    });
    if (sure) remove.mutate();
  };
  return (
    <Menu
      trigger={
        <Button look="quiet" size="small-icon" aria-label={t('moreOf', { name })}>
          <EllipsisVertical aria-hidden />
        </Button>
      }
    >
      <MenuItem onSelect={() => void copyText(name)}>{t('copyName')}</MenuItem>
      <MenuItem onSelect={() => setSearch({ tab: 'rules', try: name })}>{t('whereTo')}</MenuItem>
      {write && model.origin !== 'agent' && (
        <MenuItem onSelect={() => setDefault.mutate()}>{t('makeDefault')}</MenuItem>
      )}
      {write && model.origin === 'configured' && (
        <>
          <MenuLine />
          <MenuItem tone="bad" onSelect={() => void ask()}>
            {t('remove')}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
