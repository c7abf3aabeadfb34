import { isAmount, type LimitValue } from '@/components/limits-field';
import { lines } from '@/lib/lines';
import type { Key } from './api';

/** What the form holds. */
export interface Draft {
  name: string;
  owner: string;
  budgets: LimitValue[];
  models: string;
  providers: string;
  networks: string;
  protocols: string[];
  permissions: string[];
  requestsPerMinute: string;
  tokensPerMinute: string;
  /** Unix seconds; null: never. */
  expiresAt: number | null;
}

/** What clients may speak; the names are the protocols' own. */
export const protocols: Readonly<Record<string, string>> = {
  'openai-chat': 'OpenAI Chat Completions',
  'openai-responses': 'OpenAI Responses',
  'anthropic-messages': 'Anthropic Messages',
  gemini: 'Gemini',
};

export const permissionGroups: readonly (readonly [string, readonly string[]])[] = [
  ['use', ['models.use', 'agents.use', 'tools.invoke', 'usage.own']],
  ['see', ['system.read', 'config.read', 'logs.read', 'statistics.read', 'accounts.read', 'metrics.read']],
  ['manage', ['keys.manage', 'accounts.manage', 'agents.manage', 'logs.manage', 'statistics.manage']],
  ['system', ['config.write', 'system.manage', 'secrets.read']],
];

const USUAL = ['models.use', 'agents.use'];

export function draftOf(key: Key | undefined, held: readonly string[]): Draft {
  return {
    name: key?.name ?? '',
    owner: key?.owner ?? '',
    budgets: (key?.budgets ?? [])
      .filter((budget) => budget.key_id === key?.id && !isRate(budget, key))
      .map(({ unit, period, limit }) => ({ unit, period, limit }) as LimitValue),
    models: key?.models.join('\n') ?? '',
    providers: key?.providers.join('\n') ?? '',
    networks: key?.networks.join('\n') ?? '',
    protocols: [...(key?.protocols ?? [])],
    permissions: [...(key?.permissions ?? USUAL.filter((each) => held.includes(each)))],
    requestsPerMinute: String(key?.requests_per_minute ?? ''),
    tokensPerMinute: String(key?.tokens_per_minute ?? ''),
    expiresAt: key?.expires_at ?? null,
  };
}

/** Whether a budget is what `requests_per_minute` or `tokens_per_minute` says: those have fields of their own. */
function isRate(budget: Key['budgets'][number], key: Key): boolean {
  if (budget.period !== 'minute') return false;
  return budget.limit === (budget.unit === 'requests' ? key.requests_per_minute : key.tokens_per_minute);
}

/** The body of `POST /api/keys` and `PATCH /api/keys/{key_id}`. */
export function orderOf(draft: Draft): Record<string, unknown> {
  return {
    name: draft.name.trim(),
    owner: draft.owner.trim(),
    budgets: draft.budgets,
    models: lines(draft.models),
    providers: lines(draft.providers),
    networks: lines(draft.networks),
    protocols: draft.protocols,
    permissions: draft.permissions,
    requests_per_minute: whole(draft.requestsPerMinute),
    tokens_per_minute: whole(draft.tokensPerMinute),
    expires_at: draft.expiresAt,
  };
}

const whole = (text: string): number | null => (text.trim() ? Number(text) : null);

const isRateText = (text: string): boolean => !text.trim() || /^[1-9]\d{0,14}$/.test(text.trim());

/** What would not be what it looks like: a limit that is none, a key that is over before it begins. */
export function wrongIn(draft: Draft, start: Key | undefined, now: number): Set<keyof Draft> {
  const wrong = new Set<keyof Draft>();
  if (!draft.name.trim()) wrong.add('name');
  if (!draft.budgets.every(isAmount)) wrong.add('budgets');
  if (!isRateText(draft.requestsPerMinute)) wrong.add('requestsPerMinute');
  if (!isRateText(draft.tokensPerMinute)) wrong.add('tokensPerMinute');
  const changed = draft.expiresAt !== (start?.expires_at ?? null);
  if (changed && draft.expiresAt !== null && draft.expiresAt * 1000 <= now) wrong.add('expiresAt');
  return wrong;
}
