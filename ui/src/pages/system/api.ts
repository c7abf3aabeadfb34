import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { rest } from '@/client/rest';

export interface Version {
  currentVersion: string;
  latestVersion: string | null;
  /** RFC 3339; empty: nobody has looked. */
  lastCheckedAt: string;
  updateAvailable: boolean;
}

export interface UpdateStatus {
  status: 'idle' | 'running' | 'success' | 'failed' | string;
  log: string[];
  startedAt?: string;
  finishedAt?: string;
}

export interface GatewayState {
  /** How the last wish stands. */
  status: 'idle' | 'running' | 'success' | 'failed';
  gateway: string;
  action?: string;
  phase?: string;
  error?: string;
}

export interface Environment {
  os: {
    platform: string;
    arch: string;
    hostname: string;
    /** MiB. */
    totalMemMB: number;
    freeMemMB: number;
    cpus: number;
    cpuModel: string;
    /** Seconds. */
    uptime: number;
    userInfo: string;
    distro: string;
    release: string;
    loadAvg: string;
  };
  software: Record<string, string>;
}

export interface Told {
  subject: string;
  at: number;
  state: string;
  error: string;
}

export interface Target {
  name: string;
  kind: string;
  enabled: boolean;
  to: string;
  events: string[];
  problem: string;
  waiting: number;
  last: Told | null;
}

export const keys = {
  version: ['rest', 'system', 'version'],
  update: ['rest', 'system', 'update'],
  gateway: ['rest', 'system', 'gateway'],
  environment: ['rest', 'system', 'environment'],
  targets: ['rest', 'notifications', 'targets'],
} as const;

export function useVersion(): UseQueryResult<Version, Error> {
  return useQuery({
    queryKey: keys.version,
    queryFn: ({ signal }) => rest.get<Version>('/api/system/version', { signal }),
  });
}

export function useUpdateStatus(): UseQueryResult<UpdateStatus, Error> {
  return useQuery({
    queryKey: keys.update,
    queryFn: ({ signal }) => rest.get<UpdateStatus>('/api/system/update-status', { signal }),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? 1500 : 60_000),
  });
}

export function useGateway(): UseQueryResult<GatewayState, Error> {
  return useQuery({
    queryKey: keys.gateway,
    queryFn: ({ signal }) => rest.get<GatewayState>('/api/system/restart-gateway-status', { signal }),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? 1000 : 15_000),
  });
}

export function useEnvironment(): UseQueryResult<Environment, Error> {
  return useQuery({
    queryKey: keys.environment,
    queryFn: ({ signal }) => rest.get<Environment>('/api/system/env', { signal, timeoutMs: 60_000 }),
    staleTime: 60_000,
  });
}

export function useTargets(): UseQueryResult<Target[], Error> {
  return useQuery({
    queryKey: keys.targets,
    queryFn: async ({ signal }) =>
      (await rest.get<{ targets: Target[] }>('/api/notifications/targets', { signal })).targets,
  });
}
