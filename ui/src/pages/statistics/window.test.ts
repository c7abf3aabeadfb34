import { describe, expect, it } from 'vitest';
import type { Period } from './api';
import { seriesOfTrend, startsOf, whole, windowOf } from './window';

describe('spans', () => {
  const now = new Date(2026, 2, 30, 15, 20).getTime(); // a Monday; the day before, Europe's clocks were changed

  it('are those of the address, or thirty days', () => {
    expect(windowOf({ by: 'week', last: '12' })).toEqual({ period: 'week', count: 12, hours: 2016 });
    expect(windowOf({ by: 'year', last: '9' })).toEqual({ period: 'day', count: 30, hours: 720 });
  });

  it('begin at midnight, hour and Monday of this place', () => {
    const days = startsOf({ period: 'day', count: 3 }, now).map((start) => new Date(start * 1000));
    expect(days.map((day) => [day.getDate(), day.getHours()])).toEqual([
      [28, 0],
      [29, 0],
      [30, 0],
    ]);
    const weeks = startsOf({ period: 'week', count: 2 }, now).map((start) => new Date(start * 1000).getDate());
    expect(weeks).toEqual([23, 30]);
  });

  it('have a place for periods without requests', () => {
    const [first, second] = startsOf({ period: 'hour', count: 2 }, now);
    const told = [{ start: second, request_count: 4 }] as Period[];
    const found = whole(told, windowOf({ by: 'hour', last: '24' }), now);
    expect(found).toHaveLength(24);
    expect(found.slice(-2).map((each) => [each.start, each.request_count])).toEqual([
      [first, 0],
      [second, 4],
    ]);
  });
});

describe('curves', () => {
  it('are of the largest, and of all others together', () => {
    const data = Object.fromEntries(Array.from({ length: 10 }, (_, place) => [`m${place}`, 100 - place]));
    const found = seriesOfTrend([{ start: 5, model_data: data }], [4, 5], { others: 'others', nobody: 'nobody' });
    expect(found.map((each) => each.label)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'others']);
    expect(found.at(-1)?.values).toEqual([0, 93 + 92 + 91]);
  });
});
