import { type Hints, type Path, resolved, type Schema } from '@/components/schema-form/schema';

/** The schema of a place within another, with the definitions that it may refer to; nothing where there is no such place. */
export function schemaAt(root: Schema, path: Path): Schema | undefined {
  let schema: Schema | undefined = root;
  for (const key of path) {
    const known: Schema = resolved(schema ?? {}, root);
    const own: Schema | undefined = known.properties?.[key];
    const any = typeof known.additionalProperties === 'object' ? known.additionalProperties : known.items;
    schema = own ?? any;
    if (!schema) return undefined;
  }
  return schema && { ...resolved(schema, root), $defs: root.$defs };
}

export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

export interface Found {
  path: string;
  label: string;
  help: string;
}

/** The settings that all words are found in: in the path, the name or the help. Entries of one's own naming (`*`) have no place. */
export function found(hints: Hints, search: string, most = 40): Found[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const all: Found[] = [];
  for (const [path, hint] of Object.entries(hints)) {
    if (path.includes('*')) continue;
    const text = `${path} ${hint.label ?? ''} ${hint.help ?? ''}`.toLowerCase();
    if (words.every((word) => text.includes(word)))
      all.push({ path, label: hint.label ?? path, help: hint.help ?? '' });
  }
  const rank = ({ path, label }: Found) =>
    words.every((word) => label.toLowerCase().includes(word))
      ? 0
      : words.every((word) => path.toLowerCase().includes(word))
        ? 1
        : 2;
  return all.sort((a, b) => rank(a) - rank(b) || a.path.length - b.path.length).slice(0, most);
}
