import { expect, test } from 'vitest';
import { patched, patchOf, saysAll } from './json-patch';

test('a patch says what changed, and nothing else', () => {
  const before = { gateway: { port: 1, bind: 'lan' }, list: [1], old: 1 };
  const after = { gateway: { port: 2, bind: 'lan' }, list: [1, 2], fresh: {} };
  const patch = patchOf(before, after);
  expect(patch).toEqual({ gateway: { port: 2 }, list: [1, 2], old: null, fresh: {} });
  expect(patched({ ...before, other: true }, patch)).toEqual({ ...after, other: true });
});

test('what merges by id cannot be taken away by a patch', () => {
  const item = (id: string, more: object = {}) => ({ id, ...more });
  const lists = (...items: object[]) => ({ agents: { list: items } });
  expect(saysAll(lists(item('a'), item('b')), lists(item('a', { name: 'A' }), item('b'), item('c')))).toBe(true);
  expect(saysAll(lists(item('a'), item('b')), lists(item('b')))).toBe(false);
  expect(saysAll(lists(item('a', { name: 'A' })), lists(item('a')))).toBe(false);
  expect(saysAll(lists(item('a')), lists(item('b'), item('a')))).toBe(false);
});
