import { File, Folder, StickyNote } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Columns } from '@/components/data-table';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { readDraft } from '@/lib/drafts';
import { useFormats } from '@/lib/format';
import { useAgent, useNotes, type WorkspaceFile } from './api';
import type { Deed } from './deeds';
import { FileMenu } from './file-menu';
import { byName } from './order';
import { draftName } from './text-file';

interface Choice {
  chosen: ReadonlySet<string>;
  choose(path: string, on: boolean): void;
  all: boolean;
  chooseAll(on: boolean): void;
}

export function useColumns(act: (deed: Deed) => void, choice: Choice): Columns<WorkspaceFile> {
  const { t, i18n } = useTranslation('files');
  const language = i18n.language;
  const formats = useFormats();
  const agent = useAgent();
  const notes = useNotes().data;
  return useMemo(
    () => [
      {
        id: 'chosen',
        header: () => (
          <input
            type="checkbox"
            aria-label={t('choose.all')}
            className="accent-accent"
            checked={choice.all}
            onChange={(event) => choice.chooseAll(event.target.checked)}
          />
        ),
        enableSorting: false,
        cell: ({ row: { original: row } }) => (
          <input
            type="checkbox"
            aria-label={t('choose', { name: row.name })}
            className="accent-accent"
            checked={choice.chosen.has(row.path)}
            onClick={(event) => event.stopPropagation()}
            onChange={(event) => choice.choose(row.path, event.target.checked)}
          />
        ),
        meta: { width: 'w-10' },
      },
      {
        id: 'name',
        header: t('name'),
        accessorFn: (row) => row.name,
        sortingFn: (one, other) => byName(language, one.original.name, other.original.name),
        cell: ({ row: { original: row } }) => {
          const Icon = row.isDirectory ? Folder : File;
          const note = notes?.[row.path];
          return (
            <span className="flex min-w-0 items-center gap-2">
              <Icon
                aria-hidden
                className={row.isDirectory ? 'size-4 shrink-0 text-accent' : 'size-4 shrink-0 text-ink-faint'}
              />
              <span className="min-w-0">
                <span className="block truncate font-medium">{row.name}</span>
                <span className="block truncate text-ink-faint text-xs sm:hidden">
                  {!row.isDirectory && `${formats.bytes(row.size)} · `}
                  <Ago at={Date.parse(row.modifiedAt)} />
                </span>
              </span>
              {readDraft(draftName(agent, row.path)) && <Badge tone="warn">{t('unsaved')}</Badge>}
              {note && (
                <span className="flex min-w-0 items-center gap-1 text-ink-faint text-xs max-sm:hidden">
                  <StickyNote aria-hidden className="size-3 shrink-0" />
                  <span className="min-w-0 truncate">{note}</span>
                </span>
              )}
            </span>
          );
        },
      },
      {
        id: 'size',
        header: t('size'),
        accessorFn: (row) => (row.isDirectory ? -1 : row.size),
        cell: ({ getValue }) => (getValue() < 0 ? '–' : formats.bytes(getValue())),
        meta: { align: 'right', width: 'w-28', from: 'sm' },
      },
      {
        id: 'at',
        header: t('modified'),
        accessorFn: (row) => Date.parse(row.modifiedAt),
        cell: ({ getValue }) => <Ago at={getValue()} />,
        meta: { align: 'right', width: 'w-36', from: 'sm' },
      },
      {
        id: 'actions',
        header: () => <span className="sr-only">{t('actions')}</span>,
        enableSorting: false,
        cell: ({ row: { original: row } }) => <FileMenu file={row} act={act} />,
        meta: { align: 'right', width: 'w-14' },
      },
    ],
    [t, language, formats, agent, notes, act, choice],
  );
}
