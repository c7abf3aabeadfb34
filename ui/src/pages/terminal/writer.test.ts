import { expect, it, vi } from 'vitest';
import { nextOf, writerOf } from './writer';

const bytes = (...values: number[]) => Uint8Array.from(values);

it('bytes are put together as far as they may, texts stay by themselves and in their place', () => {
  const pieces = [bytes(1, 2), bytes(3), bytes(4, 5), 'text', bytes(6)];
  expect(nextOf(pieces, 4)).toEqual(bytes(1, 2, 3));
  expect(nextOf(pieces, 4)).toEqual(bytes(4, 5));
  expect(nextOf(pieces, 4)).toBe('text');
  expect(nextOf(pieces, 4)).toEqual(bytes(6));
  expect(nextOf(pieces, 4)).toBeUndefined();
  expect(nextOf([bytes(1, 2, 3)], 1)).toEqual(bytes(1, 2, 3));
});

it('what comes while the screen is busy is written at once when it is not, and a flood is not read aloud', () => {
  vi.useFakeTimers();
  const written: { data: string | Uint8Array; done?: () => void }[] = [];
  const options = { screenReaderMode: true };
  const write = (data: string | Uint8Array, done?: () => void) => void written.push({ data, done });
  const writer = writerOf({ write, options });
  const large = new Uint8Array(20_000);
  for (const piece of [bytes(1), large, bytes(2), large]) writer.write(piece);
  expect(written.map(({ data }) => data.length)).toEqual([1]);
  expect(options.screenReaderMode).toBe(false);
  written[0]?.done?.();
  written[1]?.done?.();
  expect(written.map(({ data }) => data.length)).toEqual([1, 20_001, 20_000]);
  written[2]?.done?.();
  vi.advanceTimersByTime(1000);
  expect(options.screenReaderMode).toBe(true);
  vi.useRealTimers();
});
