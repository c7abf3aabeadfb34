import { Download } from 'lucide-react';
import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { Contained } from '@/components/contained';
import { Loaded, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Select } from '@/components/ui/input';
import { csvOf, saveFile } from '@/lib/download';
import { type Formats, useFormats } from '@/lib/format';
import { patiently } from '@/lib/parts';
import { type Only, type Period, type Trend, usePeriods, useTrend } from './api';
import { PeriodTable } from './period-table';
import {
  type Dimension,
  dimensions,
  type Measure,
  measures,
  seriesOf,
  seriesOfTrend,
  type Window,
  whole,
} from './window';

const TimeChart = lazy(() => patiently(() => import('@/components/time-chart')));
const parts = Object.keys(dimensions) as Dimension[];
const STEPS = { hour: 3600, day: 86_400, week: 604_800 };

/** How an amount is written: money, or a number in few characters. */
const writer = (formats: Formats, measure: Measure) => (value: number) =>
  measure === 'cost' ? formats.money(value) : formats.compact(value);

export function OverTime({ window, only }: { window: Window; only: Only }) {
  const { t } = useTranslation('statistics');
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const measure = measures.find((each) => each === values.show) ?? 'tokens';
  const parted = parts.find((each) => each === values.part);
  const can = measure === 'tokens' && window.period !== 'week';
  const part = can ? parted : undefined;
  const query = usePeriods(window, only);
  const trend = useTrend(part, window, only);
  return (
    <Card
      title={t('overTime')}
      aside={
        <>
          <Select
            aria-label={t('measure')}
            className="h-7 w-auto"
            value={measure}
            onChange={(event) => setSearch({ show: event.target.value })}
          >
            {measures.map((each) => (
              <option key={each} value={each}>
                {t(`measure.${each}`)}
              </option>
            ))}
          </Select>
          <Select
            aria-label={t('part')}
            className="h-7 w-auto"
            disabled={!can}
            value={part ?? ''}
            onChange={(event) => setSearch({ part: event.target.value })}
          >
            <option value="">{t('part.none')}</option>
            {parts.map((each) => (
              <option key={each} value={each}>
                {t(`part.${each}`)}
              </option>
            ))}
          </Select>
        </>
      }
    >
      <Loaded query={query} skeleton={<Skeleton lines={10} />}>
        {(periods) => (
          <Shown periods={periods} window={window} measure={measure} trend={part ? trend.data : undefined} />
        )}
      </Loaded>
    </Card>
  );
}

interface ShownProps {
  periods: Period[];
  window: Window;
  measure: Measure;
  trend: Trend[] | undefined;
}

function Shown({ periods, window, measure, trend }: ShownProps) {
  const { t } = useTranslation('statistics');
  const formats = useFormats();
  const all = useMemo(() => whole(periods, window, Date.now()), [periods, window]);
  const times = useMemo(() => all.map((each) => each.start), [all]);
  const series = useMemo(() => {
    if (trend) return seriesOfTrend(trend, times, { others: t('others'), nobody: t('nobody') });
    return seriesOf(measure, all, {
      cached: t('column.cached'),
      input: t('column.input'),
      output: t('column.output'),
      completed: t('column.requests'),
      failed: t('column.failed'),
      cost: t('column.cost'),
      others: t('others'),
    });
  }, [trend, times, measure, all, t]);
  const name = (seconds: number) =>
    window.period === 'hour'
      ? `${formats.day(seconds * 1000)} ${formats.hour(seconds * 1000)}`
      : new Date(seconds * 1000).getFullYear() === new Date().getFullYear()
        ? formats.day(seconds * 1000)
        : formats.date(seconds * 1000);
  const download = () => {
    const columns = ['requests', 'failed', 'input', 'output', 'cached', 'cost'] as const;
    const head = [t('column.period'), ...columns.map((column) => t(`column.${column}`))];
    const rows = all.map((each) => [
      new Date(each.start * 1000).toISOString(),
      each.request_count,
      each.failed_requests,
      each.total_input_tokens,
      each.total_output_tokens,
      each.cache_read_tokens,
      each.total_cost,
    ]);
    saveFile(`crawdad-tokens-${window.period}.csv`, csvOf([head, ...rows]), 'text/csv');
  };
  return (
    <div className="grid gap-5 xl:grid-cols-[minmax(0,1.6fr)_minmax(0,1fr)]">
      <Contained>
        <Suspense fallback={<Skeleton lines={10} />}>
          <TimeChart
            label={t('chartLabel', { measure: t(`measure.${measure}`) })}
            times={times}
            series={series}
            step={STEPS[window.period]}
            format={writer(formats, measure)}
            name={name}
            className="h-80"
          />
        </Suspense>
      </Contained>
      <div className="min-w-0">
        <PeriodTable periods={all} name={name} long={window.period === 'hour'} />
        <div className="mt-2 flex justify-end">
          <Button size="small" onClick={download}>
            <Download aria-hidden />
            {t('csv')}
          </Button>
        </div>
      </div>
    </div>
  );
}
