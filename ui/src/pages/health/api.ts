import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useCall } from '@/client/control';
import { type Enveloped, rest } from '@/client/rest';

export type Level = 'ok' | 'degraded' | 'down';
export type BackupPart = 'config' | 'cron' | 'database' | 'workspaces' | 'keys';

declare module '@/client/control-types' {
  interface ControlMethods {
    'backups.list': { params: Record<string, never>; result: { backups: Backup[] } };
    'backups.show': { params: { id: string }; result: BackupContents };
    'backups.diff': { params: { id: string; other?: string }; result: Comparison };
    'backups.create': { params: { kind?: 'full' | 'configuration' }; result: Task };
    'backups.verify': { params: { id: string; timeoutMs?: number }; result: Task };
    'backups.restore': { params: { id: string; parts?: BackupPart[]; timeoutMs?: number }; result: Task };
    'backups.standing': { params: { id: string }; result: Standing };
    'backups.delete': { params: { ids: string[] }; result: { deleted: number; freed: number } };
  }
  interface ControlEvents {
    healing: { id: string };
  }
}

export interface Part {
  name: string;
  level: Level;
  figure: number | null;
  words: string;
}

export interface Health {
  level: Level;
  checkedAt: number | null;
  responseMs: number | null;
  parts: Part[];
}

export interface Sample {
  /** RFC 3339. */
  timestamp: string;
  status: Level;
  response_time_ms: number;
  cpu_usage: number;
  memory_usage: number;
  parts: Record<string, Level>;
}

export interface HealEvent {
  id: string;
  timestamp: string;
  /** The cause and what was done, in words. */
  reason: string;
  method: string;
  status: 'running' | 'healed' | 'failed' | 'told';
  /** `reports/NAME`, empty where there is none. */
  report_path: string;
  verify_duration_ms: number | null;
  verify_error: string;
  subject: string;
  confidence: number;
  seen: string[];
  steps: { at: number; text: string }[];
}

export interface Report {
  name: string;
  size: number;
  time: string;
}

export interface Backup {
  id: string;
  kind: 'full' | 'configuration';
  reason: string;
  /** Unix seconds. */
  created_at: number;
  version: string;
  valid: boolean;
  files: number;
  size: number;
  parts: BackupPart[];
  skipped: number;
}

export interface BackupContents extends Backup {
  files_kept: { path: string; part: string; size: number; sealed: boolean }[];
  left_out: string[];
}

export interface Comparison {
  old: string;
  new: string;
  same: boolean;
  diff: string;
  files: { path: string; change: string; old_size: number | null; new_size: number | null }[];
  secrets_differ: boolean;
  truncated: boolean;
}

/** How a restore that takes a restart stands; without a state another came after it. */
export interface Standing {
  id: string;
  state: 'rows' | 'prepared' | 'applying' | 'trial' | 'undoing' | 'kept' | 'undone' | null;
  reason: string;
}

export interface Task {
  id: string;
  kind: string;
  title: string;
  target: string;
  status: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted';
  progress: number;
  owner: string;
  /** Unix seconds. */
  startedAt: number;
  endedAt: number | null;
  result: Record<string, unknown> | null;
  error: string | null;
  log?: { at: number; text: string }[];
}

export const keys = {
  now: ['rest', 'health', 'now'],
  samples: ['rest', 'health', 'samples'],
  events: ['rest', 'healing', 'events'],
  reports: ['rest', 'healing', 'reports'],
  switch: ['rest', 'healing', 'switch'],
  tasks: ['rest', 'tasks'],
} as const;

export function useHealth(): UseQueryResult<Health, Error> {
  return useQuery({
    queryKey: keys.now,
    queryFn: ({ signal }) => rest.get<Health>('/api/console/health', { signal }),
    refetchInterval: 10_000,
  });
}

export function useSamples(): UseQueryResult<Sample[], Error> {
  return useQuery({
    queryKey: keys.samples,
    queryFn: async ({ signal }) => (await rest.get<Enveloped<Sample[]>>('/v1/stats/health', { signal })).data,
    refetchInterval: 60_000,
  });
}

export function useEvents(): UseQueryResult<HealEvent[], Error> {
  return useQuery({
    queryKey: keys.events,
    queryFn: async ({ signal }) => (await rest.get<Enveloped<HealEvent[]>>('/v1/heal/events', { signal })).data,
    refetchInterval: 30_000,
  });
}

export function useReports(): UseQueryResult<Report[], Error> {
  return useQuery({
    queryKey: keys.reports,
    queryFn: async ({ signal }) => (await rest.get<Enveloped<Report[]>>('/v1/heal/reports', { signal })).data,
    refetchInterval: 60_000,
  });
}

export function useReport(name: string): UseQueryResult<string, Error> {
  return useQuery({
    queryKey: [...keys.reports, name],
    queryFn: async ({ signal }) =>
      (await rest.get<Enveloped<{ content: string }>>('/v1/heal/reports/{name}', { path: { name }, signal })).data
        .content,
  });
}

export function useSwitch(): UseQueryResult<boolean, Error> {
  return useQuery({
    queryKey: keys.switch,
    queryFn: async ({ signal }) =>
      (await rest.get<Enveloped<{ enabled: boolean }>>('/v1/settings/self-healing', { signal })).data.enabled,
  });
}

/** What puts in place what a task has restored; empty: it was there when the task was done. */
export const switchOf = (task: Task | undefined): string =>
  task?.kind === 'backup.restore' && task.result?.outcome !== 'done' && typeof task.result?.switch === 'string'
    ? task.result.switch
    : '';

/** How `id` stands: asked until it is over, by whichever gateway serves then. */
export function useStanding(id: string): Standing | undefined {
  const query = useCall(
    'backups.standing',
    { id },
    { enabled: id !== '', refetchInterval: (standing) => (standing && isSettled(standing) ? false : 1000) },
  );
  return query.data;
}

export const isSettled = ({ state }: Standing): boolean => state === null || state === 'kept' || state === 'undone';

export function useTasks(): UseQueryResult<Task[], Error> {
  return useQuery({
    queryKey: keys.tasks,
    queryFn: async ({ signal }) =>
      (await rest.get<{ tasks: Task[] }>('/api/tasks', { query: { limit: 50 }, signal })).tasks,
    refetchInterval: ({ state }) => (state.data?.some((task) => task.status === 'running') ? 1500 : 15_000),
  });
}
