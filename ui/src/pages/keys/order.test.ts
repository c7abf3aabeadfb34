import { expect, test } from 'vitest';
import { draftOf, orderOf, wrongIn } from './order';

const draft = { ...draftOf(undefined, []), name: 'a key' };
const wrong = (change: Partial<typeof draft>) => [...wrongIn({ ...draft, ...change }, undefined, 1_000_000)];
const usd = (limit: number) => [{ unit: 'usd', period: 'day', limit }] as const;

test('a limit that was left empty is told, and not left out', () => {
  expect(wrong({})).toEqual([]);
  expect(wrong({ budgets: [...usd(0.5)] })).toEqual([]);
  expect(wrong({ budgets: [...usd(Number.NaN)] })).toEqual(['budgets']);
  expect(wrong({ budgets: [...usd(-1)] })).toEqual(['budgets']);
  for (const each of ['0', '-5', '1.5', '1e3', 'many'])
    expect(wrong({ tokensPerMinute: each })).toEqual(['tokensPerMinute']);
  expect(wrong({ requestsPerMinute: ' 20 ', tokensPerMinute: ' ' })).toEqual([]);
  expect(orderOf({ ...draft, requestsPerMinute: ' 20 ' })).toMatchObject({
    requests_per_minute: 20,
    tokens_per_minute: null,
  });
});

test('a key that would be over before it begins is told', () => {
  expect(wrong({ expiresAt: 999 })).toEqual(['expiresAt']);
  expect(wrong({ expiresAt: 1001 })).toEqual([]);
  expect(wrong({ name: ' ' })).toEqual(['name']);
});
