import { describe, expect, it } from 'vitest';
import type { Schedule } from './data';
import { dayStarts, draftOf, inOwnZone, newDraft, scheduleOf, simple } from './schedule';

const now = Date.UTC(2027, 0, 2, 10);

describe('schedules', () => {
  it.each<Schedule>([
    { kind: 'at', at: '2027-03-01T16:00:00.000Z' },
    { kind: 'every', everyMs: 5_400_000, anchorMs: 12 },
    { kind: 'cron', expr: '30 8 * * 1,3', tz: 'Asia/Shanghai' },
    { kind: 'cron', expr: '0 7 L * *', staggerMs: 0 },
    { kind: 'cron', expr: '*/5 9-17 * * mon-fri' },
  ])('stay what they are when nothing is changed', (schedule) => {
    expect(scheduleOf(draftOf(schedule, now))).toEqual(schedule);
  });

  it('are shown in the simplest form', () => {
    expect(simple('30 8 * * 1-5')).toEqual({ kind: 'days', time: '08:30', days: [1, 2, 3, 4, 5] });
    expect(simple('5 0 * * 7')).toEqual({ kind: 'days', time: '00:05', days: [0] });
    expect(simple('0 9 15 * *')).toEqual({ kind: 'month', time: '09:00', dayOfMonth: '15' });
    for (const other of ['0 9 15 * 1', '*/5 * * * *', '0 9 * 2 *', '0 24 * * *', '0 9 * * 5-1', '0 0 9 * * *'])
      expect(simple(other)).toBeUndefined();
  });

  it('are none while something is missing', () => {
    const draft = newDraft(now, '');
    expect(scheduleOf(draft)).toEqual({ kind: 'cron', expr: '30 8 * * *' });
    expect(scheduleOf({ ...draft, days: [] })).toBeUndefined();
    expect(scheduleOf({ ...draft, time: '' })).toBeUndefined();
    expect(scheduleOf({ ...draft, kind: 'once', at: '' })).toBeUndefined();
    expect(scheduleOf({ ...draft, kind: 'every', amount: '0' })).toBeUndefined();
    expect(scheduleOf({ ...draft, kind: 'cron', expr: ' ' })).toBeUndefined();
  });

  it('have days that begin at midnight', () => {
    const starts = dayStarts(now, 7, 7);
    expect(starts).toHaveLength(8);
    for (const start of starts) expect(new Date(start).getHours()).toBe(0);
    expect(new Date(starts[0] ?? 0).getDate()).toBe(new Date(now + 7 * 86_400_000).getDate());
  });
});

it('a time of day that is not ours shows by when it comes next', () => {
  const next = new Date(2026, 11, 1, 8, 30).getTime();
  expect([inOwnZone('08:30', next), inOwnZone('00:30', next)]).toEqual([true, false]);
  expect([inOwnZone(undefined, next), inOwnZone('08:30', undefined)]).toEqual([true, true]);
});
