import type { Schedule } from './data';

export const kinds = ['days', 'every', 'month', 'once', 'cron'] as const;
export type Kind = (typeof kinds)[number];
export const units = ['seconds', 'minutes', 'hours', 'days'] as const;
export type Unit = (typeof units)[number];

/** A schedule as it is being written: every field stays while another kind is tried. */
export interface Draft {
  kind: Kind;
  /** Of `once`, in the zone of whoever writes: `2027-03-01T16:00`. */
  at: string;
  amount: string;
  unit: Unit;
  /** Of `days` and `month`: `08:30`. */
  time: string;
  /** Sunday is 0. */
  days: number[];
  /** `1` to `31`, or `L` for the last. */
  dayOfMonth: string;
  expr: string;
  /** Empty: the gateway's. */
  zone: string;
  anchorMs?: number;
  staggerMs?: number;
}

const unitMs: Record<Unit, number> = { seconds: 1000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 };
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
/** Monday first. */
export const weekdays = [1, 2, 3, 4, 5, 6, 0] as const;

export function newDraft(now: number, zone: string): Draft {
  const next = new Date(now + 3_600_000);
  next.setMinutes(0, 0, 0);
  return {
    kind: 'days',
    at: localText(next.getTime()),
    amount: '1',
    unit: 'hours',
    time: '08:30',
    days: [...weekdays],
    dayOfMonth: '1',
    expr: '0 9 * * 1-5',
    zone,
  };
}

/** A schedule in the simplest form that says all of it. */
export function draftOf(schedule: Schedule, now: number): Draft {
  const base = newDraft(now, ownZone());
  if (schedule.kind === 'at') return { ...base, kind: 'once', at: localText(Date.parse(schedule.at)) };
  if (schedule.kind === 'every') {
    const { amount, unit } = span(schedule.everyMs);
    return { ...base, kind: 'every', amount: String(amount), unit, anchorMs: schedule.anchorMs };
  }
  const found = simple(schedule.expr);
  return {
    ...base,
    kind: 'cron',
    ...found,
    expr: schedule.expr,
    zone: schedule.tz ?? '',
    staggerMs: schedule.staggerMs,
  };
}

/** The schedule that a draft means; undefined while something is missing. */
export function scheduleOf(draft: Draft): Schedule | undefined {
  const { kind } = draft;
  if (kind === 'once') {
    const at = new Date(draft.at).getTime();
    return Number.isNaN(at) ? undefined : { kind: 'at', at: new Date(at).toISOString() };
  }
  if (kind === 'every') {
    const everyMs = Math.round(Number(draft.amount) * unitMs[draft.unit]);
    if (!(everyMs >= 1000)) return undefined;
    return { kind: 'every', everyMs, ...(draft.anchorMs === undefined ? {} : { anchorMs: draft.anchorMs }) };
  }
  const expr = kind === 'cron' ? draft.expr.trim() : simpleExpression(draft);
  if (!expr) return undefined;
  return {
    kind: 'cron',
    expr,
    ...(draft.zone.trim() ? { tz: draft.zone.trim() } : {}),
    ...(draft.staggerMs === undefined ? {} : { staggerMs: draft.staggerMs }),
  };
}

function simpleExpression(draft: Draft): string | undefined {
  const clock = /^(\d{1,2}):(\d{2})/.exec(draft.time);
  if (!clock) return undefined;
  const when = `${Number(clock[2])} ${Number(clock[1])}`;
  if (draft.kind === 'month') return `${when} ${draft.dayOfMonth} * *`;
  if (!draft.days.length) return undefined;
  return `${when} * * ${draft.days.length === 7 ? '*' : [...draft.days].sort().join(',')}`;
}

/** What a cron expression says, where it is the time of some weekdays or of one day of the month. */
export function simple(expr: string): (Pick<Draft, 'kind' | 'time'> & Partial<Draft>) | undefined {
  const parts = /^(\d{1,2}) (\d{1,2}) (\*|L|\d{1,2}) \* (\*|[0-7](?:[-,][0-7])*)$/.exec(
    expr.trim().replace(/\s+/g, ' '),
  );
  if (!parts) return undefined;
  const [, minute = '', hour = '', day = '', week = ''] = parts;
  if (Number(minute) > 59 || Number(hour) > 23) return undefined;
  const time = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
  if (day === '*') {
    const days = daysOf(week);
    return days && { kind: 'days', time, days };
  }
  const known = day === 'L' || (Number(day) >= 1 && Number(day) <= 31);
  return week === '*' && known ? { kind: 'month', time, dayOfMonth: day } : undefined;
}

function daysOf(week: string): number[] | undefined {
  if (week === '*') return [...weekdays];
  const found = new Set<number>();
  for (const part of week.split(',')) {
    const [from = 0, to = from] = part.split('-').map(Number);
    if (part.split('-').length > 2 || to < from) return undefined;
    for (let day = from; day <= to; day += 1) found.add(day % 7);
  }
  return weekdays.filter((day) => found.has(day));
}

/** A span in the largest unit that it is a whole number of. */
export function span(everyMs: number): { amount: number; unit: Unit } {
  const unit = [...units].reverse().find((each) => everyMs % unitMs[each] === 0) ?? 'seconds';
  return { amount: everyMs / unitMs[unit], unit };
}

/** A moment as fields of time have it, in the zone of whoever looks. */
export function localText(at: number): string {
  const moment = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${day}T${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

/** Whether a time of day is ours, as far as it shows: a schedule without a zone follows the gateway's clock. */
export const inOwnZone = (time: string | undefined, next: number | undefined): boolean =>
  time === undefined || next === undefined || localText(next).endsWith(`T${time}`);

/** The beginnings of some days, and of the day after them; days of 23 and 25 hours are as long as they are. */
export function dayStarts(now: number, offset: number, count: number): number[] {
  const today = new Date(now);
  return Array.from({ length: count + 1 }, (_, place) =>
    new Date(today.getFullYear(), today.getMonth(), today.getDate() + offset + place).getTime(),
  );
}
