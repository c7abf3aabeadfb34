import type { Series } from '@/components/time-chart';
import type { Period, Trend } from './api';

export type PeriodName = 'hour' | 'day' | 'week';
export const periodNames: readonly PeriodName[] = ['hour', 'day', 'week'];

export interface Window {
  period: PeriodName;
  count: number;
  /** The same in hours, for the sums. */
  hours: number;
}

const HOURS: Readonly<Record<PeriodName, number>> = { hour: 1, day: 24, week: 168 };
export const counts: Readonly<Record<PeriodName, readonly number[]>> = {
  hour: [24, 48, 168],
  day: [7, 30, 90, 365],
  week: [4, 12, 26, 52],
};

/** The span that an address asks for. */
export function windowOf(values: Readonly<Record<string, string | undefined>>): Window {
  const period = periodNames.find((each) => each === values.by) ?? 'day';
  const count = counts[period].find((each) => String(each) === values.last) ?? counts[period][period === 'day' ? 1 : 0];
  return { period, count: count ?? 1, hours: (count ?? 1) * HOURS[period] };
}

/** The beginnings (Unix seconds) of the last periods in the zone of whoever looks, the present one last. */
export function startsOf({ period, count }: Pick<Window, 'period' | 'count'>, now: number): number[] {
  const first = new Date(now);
  first.setMinutes(0, 0, 0);
  if (period !== 'hour') first.setHours(0);
  if (period === 'week') first.setDate(first.getDate() - ((first.getDay() + 6) % 7));
  return Array.from({ length: count }, (_, place) => {
    const back = count - 1 - place;
    if (period === 'hour') return first.getTime() / 1000 - back * 3600;
    const start = new Date(first);
    start.setDate(start.getDate() - back * (period === 'week' ? 7 : 1));
    return start.getTime() / 1000;
  });
}

const NONE: Omit<Period, 'period' | 'start'> = {
  total_input_tokens: 0,
  total_output_tokens: 0,
  total_tokens: 0,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  total_cost: 0,
  unpriced_requests: 0,
  failed_requests: 0,
  request_count: 0,
};

/** All periods of a span, those in which nothing happened as well. */
export function whole(periods: readonly Period[], window: Window, now: number): Period[] {
  const known = new Map(periods.map((period) => [period.start, period]));
  const starts = new Set([...startsOf(window, now), ...known.keys()]);
  return [...starts].sort((a, b) => a - b).map((start) => known.get(start) ?? { ...NONE, period: '', start });
}

export type Measure = 'tokens' | 'requests' | 'cost';
export const measures: readonly Measure[] = ['tokens', 'requests', 'cost'];

type Names = Readonly<Record<'cached' | 'input' | 'output' | 'completed' | 'failed' | 'cost' | 'others', string>>;

export function seriesOf(measure: Measure, periods: readonly Period[], names: Names): Series[] {
  const values = (of: (period: Period) => number | null) => periods.map(of);
  if (measure === 'cost') return [{ id: 'cost', label: names.cost, values: values((each) => each.total_cost) }];
  if (measure === 'requests') {
    return [
      { id: 'completed', label: names.completed, values: values((each) => each.request_count) },
      { id: 'failed', label: names.failed, values: values((each) => each.failed_requests), tone: 'bad' },
    ];
  }
  return [
    { id: 'cached', label: names.cached, values: values((each) => each.cache_read_tokens), tone: 'neutral' },
    {
      id: 'input',
      label: names.input,
      values: values((each) => Math.max(0, each.total_input_tokens - each.cache_read_tokens)),
    },
    { id: 'output', label: names.output, values: values((each) => each.total_output_tokens) },
  ];
}

const MOST = 7;

/** One series for each of the largest, and one for all others. */
export function seriesOfTrend(
  trend: readonly Trend[],
  starts: readonly number[],
  names: Readonly<Record<'others' | 'nobody', string>>,
): Series[] {
  const dataOf = (each: Trend | undefined) =>
    each?.model_data ?? each?.account_data ?? each?.key_data ?? each?.owner_data ?? {};
  const sums = new Map<string, number>();
  for (const each of trend) {
    for (const [name, tokens] of Object.entries(dataOf(each))) sums.set(name, (sums.get(name) ?? 0) + tokens);
  }
  const sorted = [...sums].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const known = new Map(trend.map((each) => [each.start, each]));
  const large = sorted.slice(0, sorted.length > MOST + 1 ? MOST : sorted.length);
  const small = sorted.slice(large.length);
  const values = (wanted: readonly string[]) =>
    starts.map((start) => wanted.reduce((sum, name) => sum + (dataOf(known.get(start))[name] ?? 0), 0));
  const found: Series[] = large.map((name) => ({ id: name, label: name || names.nobody, values: values([name]) }));
  if (small.length) found.push({ id: ' others', label: names.others, values: values(small), tone: 'neutral' });
  return found;
}

/** By what the sums are told, where from, and which filter a row stands for. */
export const dimensions = {
  model: { path: '/api/stats/token/by-model', id: 'model', name: 'model', filter: 'model' },
  account: { path: '/api/stats/token/by-account', id: 'account_id', name: 'account_email', filter: 'account' },
  key: { path: '/api/stats/token/by-key', id: 'key_id', name: 'name', filter: 'key' },
  owner: { path: '/api/stats/token/by-owner', id: 'owner', name: 'owner', filter: undefined },
} as const;

export type Dimension = keyof typeof dimensions;
