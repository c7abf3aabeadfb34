import { describe, expect, it } from 'vitest';
import type { Key } from './api';
import { descendantsOf, stateOf, treeOf } from './tree';

const key = (id: string, parent: string | null, at: number, more: Partial<Key> = {}): Key =>
  ({ id, parent_id: parent, created_at: at, budgets: [], ...more }) as Key;

describe('keys', () => {
  const keys = [key('b', 'a', 3), key('a', null, 1), key('c', 'b', 2), key('d', 'elsewhere', 9), key('e', 'a', 2)];

  it('stand below the keys that made them', () => {
    expect(treeOf(keys).map(({ key: { id }, depth }) => `${id}${depth}`)).toEqual(['a0', 'e1', 'b1', 'c2', 'd0']);
    expect(descendantsOf('a', keys).map(({ id }) => id)).toEqual(['b', 'c', 'e']);
  });

  it('tell the gravest of what is wrong with them', () => {
    const spent = [{ left: 0 }] as Key['budgets'];
    expect(stateOf(key('a', null, 1, { expires_at: 5, budgets: spent }), 10)).toBe('expired');
    expect(stateOf(key('a', null, 1, { budgets: spent }), 10)).toBe('exhausted');
    expect(stateOf(key('a', null, 1, { expires_at: 86_400 }), 10)).toBe('expiring');
    expect(stateOf(key('a', null, 1), 10)).toBe('valid');
  });
});
