import { expect, test } from 'vitest';
import { lineDiff } from './line-diff';

test('what differs stands between the lines around it', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'].join('\n');
  expect(lineDiff(before, before)).toBe('');
  expect(lineDiff(before, before.replace('b\n', 'B\n').replace('l', 'l\nm'))).toBe(
    ['@@ -1 +1 @@', ' a', '-b', '+B', ' c', ' d', ' e', '@@ -10 +10 @@', ' j', ' k', ' l', '+m'].join('\n'),
  );
  expect(lineDiff('', 'x\n')).toBe('@@ -1 +1 @@\n+x');
  expect(lineDiff('x\ny\nz', 'x\nz')).toContain('-y');
});
