import { useQuery } from '@tanstack/react-query';
import type { components } from '@/client/openapi';
import { rest } from '@/client/rest';

export type Key = components['schemas']['KeyTold'];
export type KeyMade = components['schemas']['KeyMade'];
export type BudgetTold = components['schemas']['BudgetTold'];

export const keysKey = ['rest', 'keys'] as const;

export function useKeys(revoked: boolean) {
  return useQuery({
    queryKey: [...keysKey, revoked],
    queryFn: ({ signal }) => rest.get<{ keys: Key[] }>('/api/keys', { query: { revoked }, signal }),
    refetchInterval: 20_000,
  });
}

export const keyApi = {
  make: (body: Record<string, unknown>) => rest.post<KeyMade>('/api/keys', { body }),
  change: (id: string, body: Record<string, unknown>) =>
    rest.patch<Key>('/api/keys/{key_id}', { path: { key_id: id }, body }),
  revoke: (id: string) => rest.delete<void>('/api/keys/{key_id}', { path: { key_id: id } }),
};
