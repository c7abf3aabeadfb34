import { QueryClient } from '@tanstack/react-query';
import { control } from './control';
import { ApiError } from './errors';
import { session } from './session';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: true,
      // The gateway is on this network or this machine: whether the internet can be reached says nothing.
      networkMode: 'always',
      retry: (failures, fault) => fault instanceof ApiError && fault.unreachable && failures < 2,
    },
    mutations: { networkMode: 'always' },
  },
});

// After a break everything that is shown is asked for anew.
control.onOpen(() => {
  if (control.connection.get().generation > 1) void queries.invalidateQueries();
});

session.subscribe(() => {
  if (session.get() === null) {
    control.stop();
    queries.clear();
  } else if (session.get()) {
    control.start();
  }
});
