import type { Key } from './api';

export interface Branch {
  key: Key;
  /** 0: nobody's child, or the child of one that is not shown. */
  depth: number;
}

/** Keys with those made by them right below; brothers and sisters by age. */
export function treeOf(keys: readonly Key[]): Branch[] {
  const known = new Set(keys.map((key) => key.id));
  const below = new Map<string, Key[]>();
  for (const key of keys) {
    const parent = key.parent_id && known.has(key.parent_id) ? key.parent_id : '';
    below.set(parent, [...(below.get(parent) ?? []), key]);
  }
  const found: Branch[] = [];
  const visit = (parent: string, depth: number) => {
    for (const key of [...(below.get(parent) ?? [])].sort((a, b) => a.created_at - b.created_at)) {
      found.push({ key, depth });
      visit(key.id, depth + 1);
    }
  };
  visit('', 0);
  return found;
}

export type KeyStateName = 'revoked' | 'expired' | 'expiring' | 'exhausted' | 'valid';

const SOON = 7 * 86_400;

/** How a key stands. `now` in Unix seconds. */
export function stateOf(key: Key, now: number): KeyStateName {
  if (key.revoked_at) return 'revoked';
  if (key.expires_at && key.expires_at <= now) return 'expired';
  if (key.budgets.some((budget) => budget.left !== null && budget.left <= 0)) return 'exhausted';
  return key.expires_at && key.expires_at - now < SOON ? 'expiring' : 'valid';
}

/** All that end when a key is revoked, besides itself. */
export function descendantsOf(id: string, keys: readonly Key[]): Key[] {
  const children = keys.filter((key) => key.parent_id === id && !key.revoked_at);
  return children.flatMap((child) => [child, ...descendantsOf(child.id, keys)]);
}
