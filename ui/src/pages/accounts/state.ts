import type { Tone } from '@/components/ui/badge';
import type { Account } from './api';

export type AccountStateName = 'disabled' | 'paused' | 'refused' | 'resting' | 'partlyResting' | 'protected' | 'ready';

export interface AccountState {
  name: AccountStateName;
  tone: Tone;
  /** A reason of the rest (`rate_limit`, `spent` …). */
  reason?: string;
  /** What the vendor or the operator said. */
  words?: string;
  /** Until when, in milliseconds. */
  until?: number;
  models?: string[];
}

/** How an account stands, and why: the gravest of what is known. `now` in milliseconds. */
export function stateOf(account: Account, now: number): AccountState {
  if (account.disabled) return { name: 'disabled', tone: 'bad', words: account.disabled_reason ?? undefined };
  if (account.proxy_disabled) {
    return { name: 'paused', tone: 'neutral', words: account.proxy_disabled_reason ?? undefined };
  }
  const rests = account.rate_limits.filter((rest) => rest.until * 1000 > now);
  const whole = rests.find((rest) => !rest.model);
  if (whole) {
    const tone = whole.reason === 'unauthorized' ? 'bad' : 'warn';
    return { name: 'resting', tone, reason: whole.reason, until: whole.until * 1000 };
  }
  if (account.quota?.is_forbidden) return { name: 'refused', tone: 'bad' };
  const [first] = rests;
  if (first) {
    return {
      name: 'partlyResting',
      tone: 'warn',
      reason: first.reason,
      until: Math.min(...rests.map((rest) => rest.until)) * 1000,
      models: rests.map((rest) => rest.model),
    };
  }
  if (account.protected_models.length) return { name: 'protected', tone: 'warn', models: account.protected_models };
  return { name: 'ready', tone: 'good' };
}

/** The order with one account moved to another place. */
export function moved(ids: readonly string[], id: string, to: number): string[] {
  const rest = ids.filter((each) => each !== id);
  const place = Math.max(0, Math.min(rest.length, to));
  return [...rest.slice(0, place), id, ...rest.slice(place)];
}

/** The vendor that a key's beginning tells. */
export function vendorOfKey(key: string): string | undefined {
  const beginnings: [string, string][] = [
    ['sk-ant-', 'anthropic'],
    ['sk-or-', 'openrouter'],
    ['AIza', 'google'],
    ['gsk_', 'groq'],
    ['xai-', 'xai'],
    ['nvapi-', 'nvidia'],
  ];
  return beginnings.find(([start]) => key.startsWith(start))?.[1];
}

/** Whose service account a file is that Google Cloud gives out; nothing where it is another file. Pure. */
export function serviceAccountOf(text: string): { email: string; project: string } | undefined {
  try {
    const { type, client_email: email, private_key: key, project_id: project } = JSON.parse(text);
    if (type !== 'service_account' || typeof email !== 'string' || typeof key !== 'string') return undefined;
    return { email, project: String(project ?? '') };
  } catch {
    return undefined;
  }
}
