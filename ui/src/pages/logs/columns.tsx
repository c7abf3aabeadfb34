import type { TFunction } from 'i18next';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Columns } from '@/components/data-table';
import type { Tone } from '@/components/ui/badge';
import { cn } from '@/lib/cn';
import { type Formats, useFormats } from '@/lib/format';
import type { Level, Line } from './line';

export const tones: Record<Level, Tone> = {
  debug: 'neutral',
  info: 'accent',
  warning: 'warn',
  error: 'bad',
  critical: 'bad',
};

const inks: Record<Level, string> = {
  debug: 'text-ink-faint',
  info: 'text-accent',
  warning: 'text-warn',
  error: 'text-bad',
  critical: 'font-bold text-bad',
};

const firstOf = (line: Line) => line.words.split('\n', 1)[0];

const inkOf = (line: Line): string =>
  line.gap ? 'font-semibold text-warn italic' : line.level === 'error' || line.level === 'critical' ? 'text-bad' : '';

/** What a phone shows of a line: the words below, as many as two rows hold. */
const stacked = (t: TFunction<'logs'>, formats: Formats): Columns<Line>[number] => ({
  id: 'line',
  header: t('words'),
  enableSorting: false,
  cell: ({ row: { original: line } }) => (
    <>
      <span className="flex items-baseline gap-2 text-xs">
        {line.at !== null && <span className="numbers text-ink-faint">{formats.time(line.at)}</span>}
        <span className={cn('font-medium', inks[line.level])}>{!line.gap && t(`level.${line.level}`)}</span>
        <span className="min-w-0 truncate text-ink-faint">{line.source}</span>
      </span>
      <span className={cn('line-clamp-2 whitespace-pre-wrap break-all font-mono text-xs leading-4', inkOf(line))}>
        {firstOf(line)}
      </span>
    </>
  ),
  meta: { width: 'flex-1 min-w-40' },
});

/** Widths are fixed: rows come and go while the log is written. */
export function useColumns(narrow: boolean): Columns<Line> {
  const { t } = useTranslation('logs');
  const formats = useFormats();
  return useMemo(
    () =>
      narrow
        ? [stacked(t, formats)]
        : [
            {
              id: 'time',
              header: t('time'),
              enableSorting: false,
              cell: ({ row: { original: line } }) =>
                line.at !== null && (
                  <time
                    dateTime={new Date(line.at).toISOString()}
                    title={formats.dateTime(line.at)}
                    className="numbers text-ink-faint text-xs"
                  >
                    {formats.time(line.at)}
                  </time>
                ),
              meta: { width: 'w-28 min-w-28' },
            },
            {
              id: 'level',
              header: t('level'),
              enableSorting: false,
              cell: ({ row: { original: line } }) => (
                <span className={cn('font-medium text-xs', inks[line.level])}>
                  {!line.gap && t(`level.${line.level}`)}
                </span>
              ),
              meta: { width: 'w-20 min-w-16' },
            },
            {
              id: 'source',
              header: t('source'),
              enableSorting: false,
              cell: ({ row: { original: line } }) => (
                <span className="text-ink-faint text-xs" title={line.source}>
                  {line.source}
                </span>
              ),
              meta: { width: 'w-44 min-w-32 max-w-44', from: 'lg' },
            },
            {
              id: 'words',
              header: t('words'),
              enableSorting: false,
              cell: ({ row: { original: line } }) => (
                <span className={cn('whitespace-pre font-mono text-xs', inkOf(line))}>{firstOf(line)}</span>
              ),
              meta: { width: 'flex-1 min-w-40' },
            },
          ],
    [t, formats, narrow],
  );
}
