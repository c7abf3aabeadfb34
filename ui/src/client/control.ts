import { keepPreviousData, type QueryKey, type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { i18n } from '@/i18n';
import { useStore } from '@/lib/store';
import { type Connection, ControlSocket } from './control-socket';
import type { ControlEvents, ControlMethods } from './control-types';
import { loadSession, session } from './session';

const path = import.meta.env.DEV ? '/socket' : '/';

/** The console's connection. It is started by the shell and stopped by signing out. */
export const control = new ControlSocket({
  open: () => new WebSocket(new URL(path, location.href.replace(/^http/, 'ws'))),
  random: Math.random,
  describe: () => ({
    version: session.get()?.version ?? '0',
    language: i18n.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }),
  onRefused: () => void loadSession().catch(() => undefined),
});

i18n.on('languageChanged', () => control.renew());

export const useConnection = (): Connection => useStore(control.connection);

/** Whether the gateway has a method: what it does not have is not shown. */
export function useMethod(method: keyof ControlMethods): boolean {
  return useConnection().welcome?.features.methods.includes(method) ?? false;
}

export function callKey<M extends keyof ControlMethods>(method: M, params?: ControlMethods[M]['params']): QueryKey {
  return params === undefined ? ['control', method] : ['control', method, params];
}

interface CallOptions<M extends keyof ControlMethods> {
  enabled?: boolean;
  refetchInterval?: number | false | ((data: ControlMethods[M]['result'] | undefined) => number | false);
  staleTime?: number;
  timeoutMs?: number;
  /** Whether what was shown stays until the new is there. */
  keep?: boolean;
  initialData?: ControlMethods[M]['result'];
}

/** A method's answer as a query. */
export function useCall<M extends keyof ControlMethods>(
  method: M,
  params: ControlMethods[M]['params'],
  options: CallOptions<M> = {},
): UseQueryResult<ControlMethods[M]['result'], Error> {
  const { keep, timeoutMs, refetchInterval: every, ...rest } = options;
  return useQuery<ControlMethods[M]['result'], Error>({
    queryKey: callKey(method, params),
    queryFn: ({ signal }) => control.call(method, params, { signal, timeoutMs }),
    refetchInterval: typeof every === 'function' ? ({ state }) => every(state.data) : every,
    ...(keep ? { placeholderData: keepPreviousData as never } : {}),
    ...rest,
  });
}

/** Follow an event while the component is there. */
export function useControlEvent<E extends keyof ControlEvents>(
  event: E,
  listener: (payload: ControlEvents[E]) => void,
): void {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => control.on(event, (payload) => latest.current(payload)), [event]);
}

/** Ask anew for some queries when an event tells of a change; many at once count as one. */
export function useRefreshOn(events: readonly (keyof ControlEvents)[], keys: readonly QueryKey[]): void {
  const queries = useQueryClient();
  const wanted = useRef(keys);
  useEffect(() => {
    wanted.current = keys;
  });
  const names = events.join(' ');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = (payload: unknown) => {
      // An answer that grows changes no list.
      if ((payload as { state?: string } | undefined)?.state === 'delta') return;
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const queryKey of wanted.current) void queries.invalidateQueries({ queryKey });
      }, 300);
    };
    const stops = names.split(' ').map((event) => control.on(event as keyof ControlEvents, changed));
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [names, queries]);
}
