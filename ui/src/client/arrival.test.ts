import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { arrival, arrive, arriveNow } from './arrival';
import { session } from './session';

const found = {
  principal: { id: 'a', name: 'a', permissions: [] },
  csrf: 'c',
  expiresAt: null,
  language: null,
  version: '1',
};
const asked = vi.fn<typeof fetch>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', asked);
});

afterEach(() => {
  asked.mockReset();
  session.set(undefined);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('a gateway that refuses connections, then says that it is starting, is asked until it answers', async () => {
  asked.mockRejectedValueOnce(new TypeError('refused'));
  asked.mockResolvedValueOnce(new Response('{}', { status: 503, headers: { 'retry-after': '2' } }));
  asked.mockResolvedValueOnce(Response.json(found));
  const arriving = arrive();
  await vi.advanceTimersByTimeAsync(0);
  expect(arrival.get()).toMatchObject({ failures: 1, retryAt: expect.any(Number) });
  await vi.advanceTimersByTimeAsync(1000);
  expect(arrival.get().failures).toBe(2);
  await vi.advanceTimersByTimeAsync(2000);
  expect(await arriving).toEqual(found);
  expect(asked).toHaveBeenCalledTimes(3);
});

test('somebody who does not want to wait does not', async () => {
  asked.mockRejectedValueOnce(new TypeError('refused'));
  asked.mockResolvedValueOnce(new Response('{}', { status: 401 }));
  const arriving = arrive();
  await vi.advanceTimersByTimeAsync(0);
  arriveNow();
  expect(await arriving).toBeNull();
});

test('what waiting does not mend is told', async () => {
  asked.mockResolvedValueOnce(Response.json({ error: { message: 'The disk is full' } }, { status: 500 }));
  await expect(arrive()).rejects.toThrow('The disk is full');
});
