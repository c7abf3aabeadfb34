import { queryOptions, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { queries } from '@/client/queries';
import { rest } from '@/client/rest';
import { session, usePermission } from '@/client/session';

declare module '@/client/control-types' {
  interface ControlMethods {
    'channels.pairing.list': {
      params: Record<string, never>;
      result: {
        requests: {
          requestId: string;
          channel: string;
          accountId: string;
          senderId: string;
          senderLabel: string;
          channelLabel: string;
          createdAt: string;
          expiresAt: string;
          notifySupported: boolean;
        }[];
        commandOwnerConfigured: boolean;
      };
    };
    'channels.pairing.approve': {
      params: {
        channel: string;
        accountId?: string;
        requestId: string;
        notify?: boolean;
        bootstrapCommandOwner?: boolean;
      };
      result: { requestId: string };
    };
    'channels.pairing.dismiss': {
      params: { channel: string; accountId?: string; requestId: string };
      result: { requestId: string };
    };
    'channels.start': { params: { channel: string; accountId?: string }; result: { started: boolean } };
    'update.status': { params: Record<string, never>; result: { updateAvailable: { latestVersion?: string } | null } };
  }
}

export interface Totals {
  total_input_tokens: number;
  total_output_tokens: number;
  total_tokens: number;
  cache_read_tokens: number;
  total_cost: number | null;
  unpriced_requests: number;
  failed_requests: number;
  total_requests: number;
}

export interface Hour extends Omit<Totals, 'total_requests'> {
  /** Unix seconds. */
  start: number;
  request_count: number;
}

export interface Account {
  id: string;
  email: string;
  name: string | null;
  provider: string;
  disabled: boolean;
  disabled_reason: string | null;
  proxy_disabled: boolean;
  proxy_disabled_reason: string | null;
  quota: { models: { name: string; percentage: number; reset_time: string }[]; is_forbidden: boolean } | null;
  rate_limits: { model: string; reason: string; until: number }[];
}

export interface LoggedRequest {
  id: string;
  timestamp: number;
  url: string;
  status: number;
  model: string | null;
  provider: string | null;
  username: string | null;
  error: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  total_duration: number | null;
  cost: number | null;
  outcome: string;
}

export interface ServiceStatus {
  running: boolean;
  base_url: string;
}

const summary = queryOptions({
  queryKey: ['rest', 'statistics', 'summary'],
  queryFn: ({ signal }) => rest.get<{ today: Totals; this_week: Totals }>('/api/stats/token/summary', { signal }),
});
const hours = queryOptions({
  queryKey: ['rest', 'statistics', 'hourly', 24],
  queryFn: ({ signal }) => rest.get<Hour[]>('/api/stats/token/hourly', { query: { hours: 24 }, signal }),
});
const accounts = queryOptions({
  queryKey: ['rest', 'accounts'],
  queryFn: ({ signal }) => rest.get<{ accounts: Account[] }>('/api/accounts', { signal }),
});
const recent = queryOptions({
  queryKey: ['rest', 'logs', 'recent'],
  queryFn: ({ signal }) => rest.get<LoggedRequest[]>('/api/logs', { query: { limit: 12 }, signal }),
});
const service = queryOptions({
  queryKey: ['rest', 'service'],
  queryFn: ({ signal }) => rest.get<ServiceStatus>('/api/proxy/status', { signal }),
});

/** Ask for what whoever is signed in may see, before anything is drawn; what the page asks for then is already on its way. */
export function prefetch(): void {
  const may = (permission: string) => session.get()?.principal.permissions.includes(permission);
  if (may('logs.read')) void queries.prefetchQuery(recent);
  if (may('statistics.read')) {
    void queries.prefetchQuery(summary);
    void queries.prefetchQuery(hours);
  }
  if (may('accounts.read')) void queries.prefetchQuery(accounts);
  if (may('system.read')) void queries.prefetchQuery(service);
}

export function useSummary(): UseQueryResult<{ today: Totals; this_week: Totals }, Error> {
  return useQuery({ ...summary, refetchInterval: 30_000, enabled: usePermission('statistics.read') });
}

export function useHours(): UseQueryResult<Hour[], Error> {
  return useQuery({ ...hours, refetchInterval: 60_000, enabled: usePermission('statistics.read') });
}

export function useAccounts(): UseQueryResult<{ accounts: Account[] }, Error> {
  return useQuery({ ...accounts, refetchInterval: 60_000, enabled: usePermission('accounts.read') });
}

export function useRecentRequests(): UseQueryResult<LoggedRequest[], Error> {
  return useQuery({ ...recent, refetchInterval: 5_000, enabled: usePermission('logs.read') });
}

export function useServiceStatus(): UseQueryResult<ServiceStatus, Error> {
  return useQuery({ ...service, refetchInterval: 30_000, enabled: usePermission('system.read') });
}

/** The last 24 hours, one after another, those without requests as well; what failed is among the requests. */
export function wholeDay(hours: readonly Hour[], now: number): { start: number; requests: number; failed: number }[] {
  const last = Math.floor(now / 3_600_000) * 3600;
  const known = new Map(hours.map((hour) => [hour.start, hour]));
  return Array.from({ length: 24 }, (_, place) => {
    const start = last - (23 - place) * 3600;
    const found = known.get(start);
    const failed = found?.failed_requests ?? 0;
    return { start, requests: (found?.request_count ?? 0) + failed, failed };
  });
}
