import { callKey } from '@/client/control';
import type { ChannelAccountStatus } from '@/client/control-types';
import type { Tone } from '@/components/ui/badge';

declare module '@/client/control-types' {
  interface ControlMethods {
    'channels.stop': { params: { channel: string; accountId?: string }; result: { stopped: boolean } };
    'channels.logout': { params: { channel: string; accountId?: string }; result: { loggedOut: boolean } };
    'channels.pairing.people': { params: { channel: string; accountId?: string }; result: { people: LetIn[] } };
    'channels.pairing.remove': {
      params: { channel: string; accountId?: string; senderId: string };
      result: { removed: boolean };
    };
    'channels.deadLetters.drop': { params: { id: string }; result: { dropped: boolean } };
    'channels.deadLetters.list': { params: Record<string, never>; result: { deadLetters: DeadLetter[] } };
    'channels.deadLetters.resubmit': { params: { id: string }; result: { resubmitted: boolean } };
  }
}

/** An account as `channels.status` tells of it; what is not known is left out. */
export interface ChannelAccount extends ChannelAccountStatus {
  reconnectAttempts?: number;
  lastConnectedAt?: number;
  lastStartAt?: number;
  lastStopAt?: number;
  lastSeenAt?: number;
  lastProbeAt?: number;
  identity?: string;
  counts?: Record<string, number>;
  dmPolicy?: string;
  groupPolicy?: string;
  elsewhere?: boolean;
}

/** Somebody who was let in. `owner`: may give commands and approve. */
export interface LetIn {
  senderId: string;
  senderLabel: string;
  owner: boolean;
  addedAtMs: number;
}

export interface DeadLetter {
  id: string;
  channel: string;
  accountId: string;
  eventId: string;
  reason: string;
  attempts: number;
  receivedAtMs: number;
  event: unknown;
}

export const statusKey = callKey('channels.status');
export const pairingKey = callKey('channels.pairing.list');
export const peopleKey = callKey('channels.pairing.people');
export const lettersKey = callKey('channels.deadLetters.list');

export const states = [
  'connected',
  'starting',
  'degraded',
  'needs_login',
  'error',
  'stopped',
  'not_configured',
  'elsewhere',
] as const;
type State = (typeof states)[number];

const tones: Record<State, Tone> = {
  connected: 'good',
  starting: 'accent',
  degraded: 'warn',
  needs_login: 'warn',
  error: 'bad',
  stopped: 'neutral',
  not_configured: 'neutral',
  elsewhere: 'neutral',
};

/** The state of an account as one that has a name, and its colour. */
export function stateOf(account: ChannelAccount): { name: State; tone: Tone } {
  const name = states.find((each) => each === account.state) ?? 'stopped';
  return { name, tone: tones[name] };
}
