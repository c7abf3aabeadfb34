/** What the log is asked for, under the names of `GET /api/logs`. Times are milliseconds. */
export interface Filters {
  filter?: string;
  errorsOnly?: true;
  outcome?: string;
  status?: number;
  protocol?: string;
  model?: string;
  provider?: string;
  account?: string;
  key?: string;
  since?: number;
  until?: number;
}

/** Spans that end now, in milliseconds. */
export const spans: Readonly<Record<string, number>> = {
  '15m': 900_000,
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
};

export const outcomes = ['completed', 'failed', 'cancelled', 'interrupted', 'open'] as const;
/** The vendors' own names are the same in every language. */
export const protocolNames: Readonly<Record<string, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  gemini: 'Gemini',
};
/** The values that stand in the address. */
export const filterNames = [
  'q',
  'result',
  'status',
  'protocol',
  'model',
  'provider',
  'account',
  'key',
  'span',
  'since',
  'until',
] as const;

type Values = Readonly<Record<string, string | undefined>>;

/** The filters of an address. `now` (milliseconds) is where a span ends. */
export function filtersOf(values: Values, now: number): Filters {
  const found: Filters = {};
  if (values.q?.trim()) found.filter = values.q.trim();
  if (values.result === 'errors') found.errorsOnly = true;
  else if (outcomes.some((each) => each === values.result)) found.outcome = values.result;
  if (/^\d{1,3}$/.test(values.status ?? '')) found.status = Number(values.status);
  if (values.protocol && values.protocol in protocolNames) found.protocol = values.protocol;
  for (const name of ['model', 'provider', 'account', 'key'] as const) {
    if (values[name]?.trim()) found[name] = values[name]?.trim();
  }
  const span = values.span && spans[values.span];
  if (span) found.since = Math.floor((now - span) / 60_000) * 60_000;
  else {
    const since = Number(values.since);
    const until = Number(values.until);
    if (since > 0) found.since = since;
    if (until > 0) found.until = until;
  }
  return found;
}

/** How many filters are set, beside the words that are looked for. */
export const countOf = (values: Values): number =>
  filterNames.filter((name) => name !== 'q' && Boolean(values[name]?.trim())).length;

/** For `<input type="datetime-local">`, in the zone of whoever looks. */
export function localInput(at: string | undefined): string {
  const moment = Number(at);
  if (!(moment > 0)) return '';
  const date = new Date(moment);
  return new Date(moment - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocalInput(text: string): number | undefined {
  const moment = new Date(text).getTime();
  return Number.isNaN(moment) ? undefined : moment;
}
