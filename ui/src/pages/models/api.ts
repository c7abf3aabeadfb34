import { useQuery } from '@tanstack/react-query';
import { callKey, control, useCall } from '@/client/control';
import { type Enveloped, rest, send } from '@/client/rest';
import { routingOf } from './routing';

export interface ModelConfig {
  id: string;
  name?: string;
  [other: string]: unknown;
}

export interface ProviderConfig {
  baseUrl?: string;
  apiKey?: string;
  api?: string;
  auth?: string;
  enabled?: boolean;
  discover?: boolean;
  models?: (string | ModelConfig)[];
  [other: string]: unknown;
}

export const providersKey = ['rest', 'providers'] as const;
export const namesKey = ['rest', 'models'] as const;
export const configKey = callKey('config.get', {});
export const mappingKey = ['rest', 'mapping'] as const;
export const everything = [providersKey, namesKey, configKey, mappingKey, callKey('models.list')];

/** The providers as the file has them. */
export function useProviders() {
  return useQuery({
    queryKey: providersKey,
    queryFn: async ({ signal }) => {
      const found = await rest.get<Enveloped<Record<string, ProviderConfig>>>('/v1/openclaw/models/config', { signal });
      return found.data;
    },
  });
}

export interface ModelName {
  id: string;
  owned_by: string;
}

/** All names that can be asked for: models, aliases, agents. */
export function useModelNames() {
  return useQuery({
    queryKey: namesKey,
    queryFn: async ({ signal }) => {
      const answer = await send('get', '/v1/models', { signal });
      return ((await answer.json()) as { data: ModelName[] }).data;
    },
    refetchInterval: 60_000,
  });
}

/** Rules, aliases and defaults, with the hash that a change has to name. */
export function useRouting() {
  const query = useCall('config.get', {});
  return { query, routing: query.data && routingOf(query.data) };
}

/** Change a part of the configuration, unless somebody was faster. */
export const patchConfig = (patch: unknown, baseHash: string) =>
  control.call('config.patch', { raw: JSON.stringify(patch), baseHash });

export interface Heard {
  /** Milliseconds until the model's first sign, and until the first byte of the answer. */
  latency: number;
  ttfb: number;
}

export interface Explained {
  found: boolean;
  mapped_model: string | null;
  steps: { name: string; how: string; by: string; target: string }[];
  offers: { model: string; provider: string; protocol: string; kind: string }[];
  reason: string | null;
}

export const modelApi = {
  saveProvider: (name: string, config: ProviderConfig) =>
    rest.post<unknown>('/v1/openclaw/models/provider', { body: { name, config } }),
  removeProvider: (provider: string) =>
    rest.delete<unknown>('/v1/openclaw/models/provider/{provider}', { path: { provider } }),
  addModel: (provider: string, id: string) =>
    rest.post<unknown>('/v1/openclaw/models/provider/model', { body: { provider, modelConfig: { id } } }),
  removeModel: (provider: string, model: string) =>
    rest.delete<unknown>('/v1/openclaw/models/provider/model', { query: { provider, model } }),
  setDefault: (model: string) => rest.post<unknown>('/v1/openclaw/models/set-default', { body: { model } }),
  test: async (provider: string, model: string) => {
    const body = { provider, model };
    return (await rest.post<Enveloped<Heard>>('/v1/openclaw/models/test-direct', { body, timeoutMs: 120_000 })).data;
  },
  explain: (model: string, protocol: string) =>
    rest.post<Explained>('/api/proxy/mapping/test', { body: { model, protocol } }),
};
