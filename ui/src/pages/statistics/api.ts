import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { components } from '@/client/openapi';
import { type PathsOf, rest } from '@/client/rest';
import { type Dimension, dimensions, type Window } from './window';

export type Summary = components['schemas']['TokenSummary'];
export type Period = components['schemas']['PeriodTokens'];

export interface Only {
  key?: string;
  account?: string;
  model?: string;
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const statisticsKey = ['rest', 'statistics'] as const;
const lasting = { refetchInterval: 60_000, placeholderData: keepPreviousData } as const;

export function useSummary(window: Window, only: Only) {
  return useQuery({
    queryKey: [...statisticsKey, 'summary', window.hours, only],
    queryFn: ({ signal }) =>
      rest.get<Summary>('/api/stats/token/summary', {
        query: { hours: window.hours, timezone: zone, ...only },
        signal,
      }),
    ...lasting,
  });
}

const periodPaths = {
  hour: ['/api/stats/token/hourly', 'hours'],
  day: ['/api/stats/token/daily', 'days'],
  week: ['/api/stats/token/weekly', 'weeks'],
} as const;

export function usePeriods(window: Window, only: Only) {
  const [path, name] = periodPaths[window.period];
  return useQuery({
    queryKey: [...statisticsKey, window.period, window.count, only],
    queryFn: ({ signal }) =>
      rest.get<Period[]>(path, { query: { [name]: window.count, timezone: zone, ...only }, signal }),
    ...lasting,
  });
}

export interface Row {
  id: string;
  name: string;
  requests: number;
  failed: number;
  input: number;
  output: number;
  cached: number;
  cost: number | null;
  unpriced: number;
}

type Told = Omit<Period, 'period' | 'start'> & Record<string, unknown>;

export function useBreakdown(by: Dimension, window: Window, only: Only) {
  const { path, id, name } = dimensions[by];
  return useQuery({
    queryKey: [...statisticsKey, 'by', by, window.hours, only],
    queryFn: async ({ signal }): Promise<Row[]> => {
      const query = { hours: window.hours, timezone: zone, ...only };
      const told = await rest.get<Told[]>(path as PathsOf<'get'>, { query, signal });
      return told.map((each) => ({
        id: String(each[id] ?? ''),
        name: String(each[name] ?? each[id] ?? ''),
        requests: each.request_count,
        failed: each.failed_requests,
        input: each.total_input_tokens,
        output: each.total_output_tokens,
        cached: each.cache_read_tokens,
        cost: each.total_cost,
        unpriced: each.unpriced_requests,
      }));
    },
    ...lasting,
  });
}

export interface Trend {
  start: number;
  model_data?: Record<string, number>;
  account_data?: Record<string, number>;
  key_data?: Record<string, number>;
  owner_data?: Record<string, number>;
}

const trendPaths = {
  hour: {
    model: '/api/stats/token/model-trend/hourly',
    account: '/api/stats/token/account-trend/hourly',
    key: '/api/stats/token/key-trend/hourly',
    owner: '/api/stats/token/owner-trend/hourly',
  },
  day: {
    model: '/api/stats/token/model-trend/daily',
    account: '/api/stats/token/account-trend/daily',
    key: '/api/stats/token/key-trend/daily',
    owner: '/api/stats/token/owner-trend/daily',
  },
} as const;

/** Tokens by period, parted by what used them. There is none by week. */
export function useTrend(by: Dimension | undefined, window: Window, only: Only) {
  const { period, count } = window;
  return useQuery({
    queryKey: [...statisticsKey, 'trend', by, period, count, only],
    queryFn: ({ signal }) => {
      const path = trendPaths[period as 'hour' | 'day'][by ?? 'model'];
      const query = { [period === 'hour' ? 'hours' : 'days']: count, timezone: zone, ...only };
      return rest.get<Trend[]>(path, { query, signal });
    },
    enabled: by !== undefined && period !== 'week',
    ...lasting,
  });
}

export const clearStatistics = () => rest.post<void>('/api/stats/token/clear');
