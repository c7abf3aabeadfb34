import { useMemo } from 'react';
import { useCall } from '@/client/control';

/** What agents and channels are called; of what is gone, its identifier. */
export interface Names {
  agent(id: string): string;
  channel(id: string): string;
}

export function useNames(): Names {
  const agents = useCall('agents.list', {}, { staleTime: 60_000 }).data?.agents;
  const labels = useCall('channels.status', {}, { staleTime: 60_000 }).data?.channelLabels;
  return useMemo(() => {
    const named = new Map(agents?.map((each) => [each.id, each.identity?.name ?? each.name ?? each.id]));
    return { agent: (id) => named.get(id) ?? id, channel: (id) => labels?.[id] ?? id };
  }, [agents, labels]);
}
