import { expect, test } from 'vitest';
import { previewOf } from './session-preview';

test.each([
  ['[Mon 2026-11-30 13:15 UTC] 你好', '你好'],
  [
    '## 今天天气 很好,**适合**出门。 | 时间 | 温度 | |---|---| | 上午 | 20℃ |',
    '今天天气 很好,适合出门。 时间 温度 上午 20℃',
  ],
  ['See [the list](https://example.org) and `code`', 'See the list and code'],
  ['1. one - two', 'one two'],
  ['2 * 3 = 6', '2 3 = 6'],
  ['plain words', 'plain words'],
])('%s', (text, shown) => expect(previewOf(text)).toBe(shown));
