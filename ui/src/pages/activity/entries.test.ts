import { expect, it } from 'vitest';
import { wordsIn } from './entries';

const entry = { id: '1', time: 0, source: 'system', type: 'system.healing' };

it('says what happened, and the source beside it alone', () => {
  expect(wordsIn({ ...entry, summary: '[系统] 已登录' })).toBe('已登录');
  expect(wordsIn({ ...entry, summary: '[Bot操作] → 群7: hello' })).toBe('[Bot操作] → 群7: hello');
  expect(wordsIn({ ...entry, summary: 'hello [系统] there' })).toBe('hello [系统] there');
});
