import { useQuery } from '@tanstack/react-query';
import { rest } from './rest';
import { usePermission } from './session';

/** Somebody who wants to be a friend, or to have the bot or themselves in a group. */
export interface FriendRequest {
  type: 'friend' | 'group';
  subType?: 'invite' | 'add';
  userId: number | string;
  groupId?: number | string;
  comment: string;
  flag: string;
  /** Milliseconds. */
  time: number;
  channel: string;
  account: string;
  name: string;
}

export const requestsKey = ['rest', 'friend-requests'] as const;

export function useFriendRequests() {
  return useQuery({
    queryKey: requestsKey,
    queryFn: ({ signal }) => rest.get<{ requests: FriendRequest[] }>('/api/requests', { signal }),
    refetchInterval: 15_000,
    enabled: usePermission('agents.manage'),
  });
}

export const decideRequest = (flag: string, yes: boolean) =>
  rest.post(yes ? '/api/requests/{flag}/approve' : '/api/requests/{flag}/reject', { path: { flag }, body: {} });
