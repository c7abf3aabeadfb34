import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Columns } from '@/components/data-table';
import { Badge, type Tone } from '@/components/ui/badge';
import { useFormats } from '@/lib/format';
import type { LogEntry } from './api';

export function toneOf(entry: Pick<LogEntry, 'outcome' | 'status'>): Tone {
  if (entry.outcome === 'open') return 'neutral';
  if (entry.outcome === 'completed' && entry.status < 400) return 'good';
  return entry.outcome === 'cancelled' ? 'warn' : 'bad';
}

/** Widths are fixed: rows come and go while the table is scrolled. */
export function useColumns(): Columns<LogEntry> {
  const { t } = useTranslation('requests');
  const formats = useFormats();
  return useMemo(() => {
    const today = formats.date(Date.now());
    const plain = { enableSorting: false };
    return [
      {
        id: 'time',
        header: t('time'),
        cell: ({ row: { original: entry } }) => (
          <time dateTime={new Date(entry.timestamp).toISOString()} title={formats.dateTime(entry.timestamp)}>
            <span className="numbers">{formats.time(entry.timestamp)}</span>
            {formats.date(entry.timestamp) !== today && (
              <span className="ml-2 text-ink-faint text-xs">{formats.date(entry.timestamp)}</span>
            )}
          </time>
        ),
        meta: { width: 'w-28 min-w-24' },
        ...plain,
      },
      {
        id: 'status',
        header: t('status'),
        cell: ({ row: { original: entry } }) => (
          <Badge tone={toneOf(entry)} className="numbers">
            {entry.outcome === 'completed' || entry.outcome === 'failed' ? entry.status : t(`outcome.${entry.outcome}`)}
          </Badge>
        ),
        meta: { width: 'w-20 min-w-16' },
        ...plain,
      },
      {
        id: 'model',
        header: t('model'),
        cell: ({ row: { original: entry } }) => (
          <span title={entry.error ?? undefined}>
            <span className="font-medium">{entry.model ?? entry.operation}</span>
            {entry.mapped_model && !(entry.model ?? '').endsWith(entry.mapped_model) && (
              <span className="text-ink-soft"> → {entry.mapped_model}</span>
            )}
            {entry.error && <span className="ml-2 text-bad text-xs">{entry.error}</span>}
          </span>
        ),
        meta: { width: 'flex-1 min-w-40' },
        ...plain,
      },
      {
        id: 'provider',
        header: t('servedBy'),
        cell: ({ row: { original: entry } }) => (
          <span title={entry.account_email ?? undefined}>
            {entry.provider ?? '–'}
            {entry.account_email && <span className="ml-1.5 text-ink-faint text-xs">{entry.account_email}</span>}
          </span>
        ),
        meta: { width: 'w-48 min-w-32 max-w-48', from: 'lg' },
        ...plain,
      },
      {
        id: 'key',
        header: t('key'),
        cell: ({ row: { original: entry } }) => entry.username ?? '–',
        meta: { width: 'w-32 min-w-24 max-w-32', from: 'md' },
        ...plain,
      },
      {
        id: 'tokens',
        header: t('tokens'),
        cell: ({ row: { original: entry } }) =>
          entry.input_tokens === null && entry.output_tokens === null ? (
            '–'
          ) : (
            <span title={t('tokensOf', { input: entry.input_tokens ?? '–', output: entry.output_tokens ?? '–' })}>
              {formats.compact(entry.input_tokens ?? 0)}
              <span className="text-ink-faint"> / </span>
              {formats.compact(entry.output_tokens ?? 0)}
            </span>
          ),
        meta: { align: 'right', width: 'w-28 min-w-24', from: 'sm' },
        ...plain,
      },
      {
        id: 'cost',
        header: t('cost'),
        cell: ({ row: { original: entry } }) => formats.money(entry.cost),
        meta: { align: 'right', width: 'w-24 min-w-20', from: 'lg' },
        ...plain,
      },
      {
        id: 'duration',
        header: t('duration'),
        cell: ({ row: { original: entry } }) =>
          entry.total_duration === null ? '–' : formats.duration(entry.total_duration),
        meta: { align: 'right', width: 'w-24 min-w-20', from: 'sm' },
        ...plain,
      },
    ];
  }, [t, formats]);
}
