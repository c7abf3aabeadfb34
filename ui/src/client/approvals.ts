import type { ApprovalRequest } from './control-types';

/** What asks to be run. Requests of friends and to groups wait in the same list, and are answered as such (`friend-requests.ts`). */
export const commandsOf = (waiting: readonly ApprovalRequest[]): ApprovalRequest[] =>
  waiting.filter(({ request }) => !request.sessionKey?.startsWith('channel:'));
