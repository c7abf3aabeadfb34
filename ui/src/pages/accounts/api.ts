import { useQuery } from '@tanstack/react-query';
import type { components } from '@/client/openapi';
import { rest } from '@/client/rest';

export type Account = components['schemas']['AccountShape'];
export type AccountList = components['schemas']['AccountList'];

export const accountsKey = ['rest', 'accounts'] as const;

export function useAccounts() {
  return useQuery({
    queryKey: accountsKey,
    queryFn: ({ signal }) => rest.get<AccountList>('/api/accounts', { signal }),
    refetchInterval: 15_000,
  });
}

export interface RefreshProgress {
  total: number;
  success: number;
  failed: number;
  details: string[];
  running: boolean;
  done: number;
}

/** How far asking all accounts anew is; looked at while it runs. */
export function useRefreshProgress(running: boolean) {
  return useQuery({
    queryKey: ['accounts-refresh'],
    queryFn: ({ signal }) => rest.get<RefreshProgress>('/api/accounts/refresh', { signal }),
    enabled: running,
    refetchInterval: 700,
    gcTime: 0,
  });
}

export interface SignIn {
  url: string;
  state: string;
  redirect_uri: string | null;
  expires_in: number;
  status: string;
  error?: string | null;
  account?: Account;
  /** Where a code is typed in on another device. */
  user_code?: string;
  verification_url?: string;
  verification_uri_complete?: string | null;
}

/** `working`: the consent is there, and is being exchanged for an account. */
export const isUnderWay = ({ status }: Pick<SignIn, 'status'>): boolean => status === 'pending' || status === 'working';

export interface SignInClient {
  id: string;
  name: string;
  configured: boolean;
  client_id: string | null;
  redirect_uri: string;
}

export const accountApi = {
  add: (body: Record<string, unknown>) => rest.post<Account>('/api/accounts', { body, timeoutMs: 60_000 }),
  change: (id: string, body: Record<string, unknown>) =>
    rest.patch<Account>('/api/accounts/{account_id}', { path: { account_id: id }, body }),
  remove: (id: string) => rest.delete<void>('/api/accounts/{account_id}', { path: { account_id: id } }),
  removeAll: (ids: readonly string[]) => rest.post<unknown>('/api/accounts/bulk-delete', { body: { accountIds: ids } }),
  toggle: (id: string, enable: boolean, reason?: string) =>
    rest.post<Account>('/api/accounts/{account_id}/toggle-proxy', {
      path: { account_id: id },
      body: { enable, reason },
    }),
  test: (id: string) =>
    rest.post<string>('/api/accounts/{account_id}/warmup', { path: { account_id: id }, timeoutMs: 60_000 }),
  look: (id: string) =>
    rest.get<unknown>('/api/accounts/{account_id}/quota', { path: { account_id: id }, timeoutMs: 60_000 }),
  order: (ids: string[]) => rest.post<unknown>('/api/accounts/reorder', { body: { accountIds: ids } }),
  makeCurrent: (id: string) => rest.post<unknown>('/api/accounts/switch', { body: { accountId: id } }),
  prefer: (id: string | null) => rest.post<unknown>('/api/proxy/preferred-account', { body: { accountId: id } }),
  endRest: (id: string) =>
    rest.delete<{ cleared: number }>('/api/proxy/rate-limits/{account_id}', { path: { account_id: id } }),
  endRests: () => rest.delete<{ cleared: number }>('/api/proxy/rate-limits'),
  refreshAll: () => rest.post<RefreshProgress>('/api/accounts/refresh', { timeoutMs: 300_000 }),
  /** `ids`: which; left out: all. */
  export: (secrets: boolean, ids?: readonly string[]) =>
    rest.post<{ accounts: unknown[] }>('/api/accounts/export', {
      body: { secrets, ...(ids ? { accountIds: ids } : {}) },
      timeoutMs: 60_000,
    }),
  import: (document: unknown) =>
    rest.post<{ imported: number; skipped: number; failed: number; details: string[] }>('/api/accounts/import', {
      body: document,
      timeoutMs: 120_000,
    }),
  clients: () => rest.get<{ clients: SignInClient[] }>('/api/accounts/oauth/clients'),
  startSignIn: (redirect: 'loopback' | 'web') =>
    rest.post<SignIn>('/api/accounts/oauth/start', { body: { redirect, wait: false } }),
  startOnDevice: () => rest.post<SignIn>('/api/accounts/oauth/device', { body: { wait: false }, timeoutMs: 60_000 }),
  signIn: (state: string) => rest.get<SignIn>('/api/accounts/oauth/status', { query: { state } }),
  submitCode: (code: string, state: string) =>
    rest.post<{ account: Account }>('/api/accounts/oauth/submit-code', { body: { code, state }, timeoutMs: 60_000 }),
  cancelSignIn: (state: string) => rest.post<unknown>('/api/accounts/oauth/cancel', { body: { state } }),
};
