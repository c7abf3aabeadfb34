import { expect, test } from 'vitest';
import { chosen, factsOf, harmless, lineOf, textOf } from './line';

const raw = JSON.stringify({
  '0': 'provider_failed provider=deepseek',
  _meta: { logLevelName: 'WARN' },
  time: '2026-11-29T10:00:00Z',
  event: 'provider_failed',
  level: 'warning',
  logger: 'crawdad.upstreams',
  provider: 'deepseek',
});

test('a line of the log is taken apart', () => {
  const line = lineOf(raw, 7);
  expect(line).toMatchObject({ id: 7, level: 'warning', source: 'crawdad.upstreams', at: 1795946400000 });
  expect(factsOf(line)).toEqual([
    ['event', 'provider_failed'],
    ['provider', 'deepseek'],
  ]);
  expect(textOf(line)).toBe('2026-11-29T10:00:00.000Z  WARNING  crawdad.upstreams  provider_failed provider=deepseek');
});

test('what is no JSON is words, and nothing in it steers a terminal or turns the line round', () => {
  expect(lineOf('{broken', 1)).toMatchObject({ at: null, level: 'info', words: '{broken' });
  expect(harmless('\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u202Etxt.exe\r')).toBe(
    'red \\u001b]0;title\\u0007 \\u202etxt.exe\\u000d',
  );
});

test('lines are chosen by level and by all words', () => {
  const lines = [lineOf(raw, 1), lineOf('{"event":"started","level":"info"}', 2), lineOf('plain words', 3)];
  expect(chosen(lines, 'debug', '')).toBe(lines);
  expect(chosen(lines, 'warning', '').map((line) => line.id)).toEqual([1]);
  expect(chosen(lines, 'debug', 'DEEPSEEK failed').map((line) => line.id)).toEqual([1]);
  expect(chosen(lines, 'debug', 'started deepseek')).toEqual([]);
});
