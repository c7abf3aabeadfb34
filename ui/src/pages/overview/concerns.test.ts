import { expect, test } from 'vitest';
import { concernsOf } from './concerns';
import { type Account, wholeDay } from './data';

const account = (change: Partial<Account>): Account => ({
  ...{ id: 'a', email: 'a@b', name: null, provider: 'openai', disabled: false, disabled_reason: null, quota: null },
  ...{ proxy_disabled: false, proxy_disabled_reason: null, rate_limits: [] },
  ...change,
});

test('nothing known, nothing wrong', () => {
  expect(concernsOf({})).toEqual([]);
  expect(concernsOf({ accounts: [account({})], service: { running: true, base_url: '' } })).toEqual([]);
});

test('who waits for an answer stands first, then what is broken', () => {
  const found = concernsOf({
    service: { running: false, base_url: '' },
    accounts: [account({ proxy_disabled: true })],
    approvals: [{ id: '1', request: { command: 'rm -r x', agentId: 'main' }, createdAtMs: 0, expiresAtMs: 0 }],
  });
  expect(found.map((each) => [each.severity, each.mend?.kind])).toEqual([
    ['ask', 'decide'],
    ['bad', 'start-service'],
    ['warn', 'resume-account'],
  ]);
});

test('who wants to be a friend is told as that, and not as a command', () => {
  const wait = { createdAtMs: 0, expiresAtMs: 0 };
  const found = concernsOf({
    approvals: [
      { id: '1', request: { command: 'qq:default: friend 700', sessionKey: 'channel:qq:default:4' }, ...wait },
    ],
    friends: [
      { type: 'friend', userId: 700, name: '', comment: 'Hi', flag: 'f', time: 0, channel: 'qq', account: 'default' },
    ],
  });
  expect(found.map(({ text, values, detail, mend }) => [text, values?.who, detail, mend])).toEqual([
    ['concern.friend', '700', 'Hi', { kind: 'friend', flag: 'f' }],
  ]);
});

test('a part that has concerns of its own is not told twice', () => {
  const parts = { channels: 'down', disk: 'degraded' };
  const health = { health: { level: 'down', checkedAt: 0, responseMs: 1, parts } } as never;
  expect(concernsOf({ health }).map((each) => each.text)).toEqual(['health.disk']);
});

test('a day has 24 hours, also those without requests', () => {
  const now = Date.UTC(2026, 10, 29, 19, 30);
  const hour = { start: Date.UTC(2026, 10, 29, 18) / 1000, request_count: 7, failed_requests: 2 } as never;
  const day = wholeDay([hour], now);
  expect(day).toHaveLength(24);
  expect(day.at(-2)).toMatchObject({ requests: 9, failed: 2 });
  expect(day.at(-1)).toMatchObject({ start: Date.UTC(2026, 10, 29, 19) / 1000, requests: 0 });
});
