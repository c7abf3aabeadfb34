import { callKey, useConnection } from '@/client/control';

declare module '@/client/control-types' {
  interface ControlMethods {
    'cron.list': {
      params: { includeDisabled?: boolean; limit?: number; query?: string; enabled?: 'all' | 'enabled' | 'disabled' };
      result: { jobs: Job[]; total: number };
    };
    'cron.get': { params: { id: string }; result: Job };
    'cron.status': { params: Record<string, never>; result: { enabled: boolean; jobs: number } };
    'cron.add': { params: JobWritten; result: Job };
    'cron.update': { params: { id: string; patch: Partial<JobWritten> }; result: Job };
    'cron.remove': { params: { id: string }; result: { ok: boolean; removed: boolean } };
    'cron.run': { params: { id: string; mode?: 'force' }; result: { ran: boolean; reason?: string } };
    'cron.runs': {
      params: { id?: string; scope?: 'all'; limit?: number; statuses?: string[]; query?: string };
      result: { entries: Run[]; total: number };
    };
    'cron.times': {
      params: {
        schedules: { id?: string; schedule: Schedule }[];
        afterMs?: number;
        untilMs?: number;
        limit?: number;
      };
      result: { times: Times[] };
    };
  }
}

export type Schedule =
  | { kind: 'at'; at: string }
  | { kind: 'every'; everyMs: number; anchorMs?: number }
  | { kind: 'cron'; expr: string; tz?: string; staggerMs?: number };

export interface Payload {
  kind: 'agentTurn' | 'systemEvent';
  message?: string;
  text?: string;
  model?: string | null;
  timeoutSeconds?: number | null;
}

export interface Delivery {
  mode: 'none' | 'announce' | 'webhook';
  channel?: string;
  to?: string;
  bestEffort?: boolean;
}

/** What becomes of a time at which nobody was there; `seconds`: how late it may still be run. */
export interface Misfire {
  mode: 'run' | 'skip' | 'run-if-within';
  seconds?: number;
}

export interface Job {
  id: string;
  name: string;
  description?: string;
  agentId?: string;
  enabled: boolean;
  deleteAfterRun?: boolean;
  schedule: Schedule;
  sessionTarget: 'main' | 'isolated';
  payload: Payload;
  delivery?: Delivery;
  /** Told by `cron.get` alone, and only where it is another one than `run`. */
  misfire?: Misfire;
  createdAtMs: number;
  state: {
    nextRunAtMs?: number;
    runningAtMs?: number;
    lastRunAtMs?: number;
    lastStatus?: string;
    lastError?: string;
    lastDurationMs?: number;
    consecutiveErrors?: number;
    lastDeliveryError?: string;
  };
}

/** A job as it is sent to be kept. */
export interface JobWritten {
  name: string;
  description: string;
  agentId: string | null;
  enabled?: boolean;
  deleteAfterRun: boolean;
  schedule: Schedule;
  sessionTarget: 'main' | 'isolated';
  payload: Payload;
  delivery?: Delivery;
  misfire?: Misfire;
}

export interface Run {
  ts: number;
  jobId: string;
  jobName?: string;
  action: string;
  status: string;
  error?: string;
  summary?: string;
  runAtMs?: number;
  durationMs?: number;
  sessionKey?: string;
  model?: string;
  deliveryStatus?: string;
  deliveryError?: string;
}

/** When a schedule comes; `more`: further times come within the span that was asked for. */
export interface Times {
  id?: string;
  atMs: number[];
  more: boolean;
  error?: string;
}

export const cronKeys = [
  callKey('cron.list'),
  callKey('cron.get'),
  callKey('cron.status'),
  callKey('cron.runs'),
  callKey('cron.times'),
];

/** Whether whoever is signed in may change jobs; the server decides, this only hides what would be refused. */
export const useMayChange = (): boolean => useConnection().welcome?.auth.scopes.includes('operator.admin') ?? false;
