import { useQuery } from '@tanstack/react-query';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';

/** What people call a key or an account of which the address has the id. */
export function useNames(): (dimension: string, id: string) => string {
  const keys = useQuery({
    queryKey: ['rest', 'keys', true],
    queryFn: ({ signal }) =>
      rest.get<{ keys: { id: string; name: string }[] }>('/api/keys', { query: { revoked: true }, signal }),
    enabled: usePermission('keys.manage'),
    staleTime: 60_000,
  });
  const accounts = useQuery({
    queryKey: ['rest', 'accounts'],
    queryFn: ({ signal }) => rest.get<{ accounts: { id: string; email: string }[] }>('/api/accounts', { signal }),
    enabled: usePermission('accounts.read'),
    staleTime: 60_000,
  });
  return (dimension, id) => {
    if (dimension === 'key') return keys.data?.keys.find((key) => key.id === id)?.name ?? id;
    if (dimension === 'account') return accounts.data?.accounts.find((account) => account.id === id)?.email ?? id;
    return id;
  };
}
