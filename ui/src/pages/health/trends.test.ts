import { expect, test } from 'vitest';
import type { Level, Sample } from './api';
import { slotsOf, trendsOf, wellShare } from './trends';

const sample = (at: string, status: Level = 'ok', parts: Record<string, Level> = {}): Sample => ({
  timestamp: `2026-11-29T${at}Z`,
  status,
  response_time_ms: status === 'down' ? 0 : 12,
  cpu_usage: 5,
  memory_usage: 40,
  parts,
});

test('where the gateway did not run, and where it did not answer, the lines have gaps', () => {
  const trends = trendsOf([sample('10:00:00'), sample('10:01:00', 'down'), sample('10:30:00')]);
  expect(trends.times.map((at) => (at - (trends.times[0] ?? 0)) / 60)).toEqual([0, 1, 2, 30]);
  expect(trends.response).toEqual([12, null, null, 12]);
  expect(trends.memory).toEqual([40, 40, null, 40]);
});

test('a slot tells the worst of its time', () => {
  const now = Date.parse('2026-11-29T10:20:00Z');
  const slots = slotsOf([sample('10:01:00', 'degraded', { disk: 'degraded' }), sample('10:02:00')], now);
  expect(slots).toHaveLength(96);
  expect(slots.at(-2)).toMatchObject({ level: 'degraded', parts: ['disk'] });
  expect(slots.at(-1)?.level).toBeNull();
  expect(wellShare([sample('10:00:00'), sample('10:01:00', 'down')])).toBe(0.5);
  expect(wellShare([])).toBeNull();
});
