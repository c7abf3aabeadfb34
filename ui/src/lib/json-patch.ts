type Plain = Record<string, unknown>;

const isObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** What has to be merged into `before` for it to be `after`: `null` takes a key away. */
export function patchOf(before: Plain, after: Plain): Plain {
  const patch: Plain = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old = before[name];
    const fresh = after[name];
    if (same(old, fresh)) continue;
    if (fresh === undefined) patch[name] = null;
    else patch[name] = isObject(old) && isObject(fresh) ? patchOf(old, fresh) : fresh;
  }
  return patch;
}

/** A patch of `patchOf` put upon another value: how changes are kept while somebody else has changed the rest. */
export function patched(value: unknown, patch: Plain): Plain {
  const result: Plain = isObject(value) ? { ...value } : {};
  for (const [name, item] of Object.entries(patch)) {
    if (item === null) delete result[name];
    else result[name] = isObject(item) ? patched(result[name], item) : item;
  }
  return result;
}

const isNamed = (value: unknown): value is (Plain & { id: string })[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => isObject(item) && typeof item.id === 'string');

/**
 * Whether a patch says all of a change. Lists whose items have an `id` are merged by it, so that a patch cannot take one away or
 * put them in another order, nor can it take a value away from an item; then the whole text has to be written.
 */
export function saysAll(before: unknown, after: unknown): boolean {
  if (isNamed(before) && isNamed(after)) {
    const kept = after.slice(0, before.length);
    return before.every((item, place) => item.id === kept[place]?.id && !loses(item, kept[place]));
  }
  if (!isObject(before) || !isObject(after)) return true;
  return Object.keys(after).every((name) => saysAll(before[name], after[name]));
}

/** Whether something of `before`, however deep, is not in `after` any more. */
function loses(before: unknown, after: unknown): boolean {
  if (!isObject(before)) return false;
  if (!isObject(after)) return true;
  return Object.keys(before).some((name) => !(name in after) || loses(before[name], after[name]));
}
