import { type InfiniteData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { components } from '@/client/openapi';
import { addressOf, rest, send } from '@/client/rest';
import type { Filters } from './filters';

export type LogEntry = components['schemas']['LogEntry'];
export type LogDetail = components['schemas']['LogDetail'];

export interface LogPage {
  logs: LogEntry[];
  cursor: string | null;
}

const PAGE = 200;
export const logsKey = ['rest', 'logs'] as const;

/** The log, newest first, page by page from where the last one ended. */
export function useLogs(filters: Filters) {
  return useInfiniteQuery<LogPage, Error, InfiniteData<LogPage>, readonly unknown[], string | undefined>({
    queryKey: [...logsKey, 'pages', filters],
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filters, limit: PAGE, cursor: pageParam };
      const answer = await send('get', '/api/logs', { query, signal });
      return { logs: await answer.json(), cursor: answer.headers.get('x-next-cursor') };
    },
    initialPageParam: undefined,
    getNextPageParam: (last) => last.cursor ?? undefined,
    // What is new comes over the stream; all pages anew would be all that was scrolled through.
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    // All pages would be compared with each further one, and no row that was written changes.
    structuralSharing: false,
  });
}

export function useLogCount(filters: Filters) {
  return useQuery({
    queryKey: [...logsKey, 'count', filters],
    queryFn: ({ signal }) => rest.get<number>('/api/logs/count', { query: { ...filters }, signal }),
    // Asked together with the pages: what comes later is counted as it comes.
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useLog(id: string) {
  return useQuery({
    queryKey: [...logsKey, 'one', id],
    queryFn: ({ signal }) => rest.get<LogDetail>('/api/logs/{log_id}', { path: { log_id: id }, signal }),
    staleTime: 60_000,
  });
}

export function useMonitoring() {
  return useQuery({
    queryKey: [...logsKey, 'monitoring'],
    queryFn: ({ signal }) => rest.get<{ monitoring: boolean }>('/api/proxy/stats', { signal }),
  });
}

export const exportAddress = (filters: Filters, format: 'csv' | 'json'): string =>
  addressOf('/api/logs/export', { query: { ...filters, format } });

export const streamAddress = (filters: Filters): string => addressOf('/api/logs/stream', { query: { ...filters } });

export const logApi = {
  clear: () => rest.post<void>('/api/logs/clear'),
  keepBodies: (enabled: boolean) => rest.post<void>('/api/proxy/monitor/toggle', { body: { enabled } }),
};
