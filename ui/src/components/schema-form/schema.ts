/** JSON Schema as the gateway and its plugins write it: the parts that a form has use for. */
export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  writeOnly?: boolean;
}

export interface Hint {
  label?: string;
  help?: string;
  sensitive?: boolean;
  advanced?: boolean;
  placeholder?: string;
  group?: string;
  order?: number;
}

/** By path; `*` stands for any key or place. */
export type Hints = Record<string, Hint>;
export type Path = readonly (string | number)[];
export type Kind = 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'object' | 'entries' | 'list' | 'json';

/** The schema behind references and “this or nothing”. `root` holds the definitions. */
export function resolved(schema: Schema, root: Schema, depth = 0): Schema {
  if (depth > 20) return {};
  const { $ref, allOf, ...own } = schema;
  if ($ref) {
    const name = decodeURIComponent($ref.split('/').pop() ?? '');
    return { ...resolved((root.$defs ?? root.definitions)?.[name] ?? {}, root, depth + 1), ...own };
  }
  if (allOf?.length === 1 && allOf[0]) return { ...resolved(allOf[0], root, depth + 1), ...own };
  const options = (schema.anyOf ?? schema.oneOf)?.map((each) => resolved(each, root, depth + 1));
  if (options) {
    const real = options.filter((each) => each.type !== 'null');
    const { anyOf: _any, oneOf: _one, ...rest } = own;
    if (real.length === 1) return { ...real[0], ...rest };
    if (real.length && real.every((each) => each.const !== undefined || each.enum))
      return { ...rest, enum: real.flatMap((each) => each.enum ?? [each.const]) };
  }
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((each) => each !== 'null');
    if (types.length === 1) return { ...own, type: types[0] };
  }
  return own;
}

/** Which field a schema (a resolved one) is shown as. */
export function kindOf(schema: Schema): Kind {
  if (schema.enum || schema.const !== undefined) return 'choice';
  switch (schema.type) {
    case 'boolean':
    case 'number':
    case 'integer':
      return schema.type;
    case 'string':
      return 'text';
    case 'array':
      return schema.items ? 'list' : 'json';
    case 'object':
      if (schema.properties && Object.keys(schema.properties).length) return 'object';
      return typeof schema.additionalProperties === 'object' ? 'entries' : 'json';
    default:
      return schema.properties ? 'object' : 'json';
  }
}

export function hintAt(hints: Hints, path: Path): Hint {
  const exact = hints[path.join('.')];
  if (exact) return exact;
  for (const [pattern, hint] of Object.entries(hints)) {
    if (!pattern.includes('*')) continue;
    const parts = pattern.split('.');
    if (parts.length === path.length && parts.every((part, place) => part === '*' || part === String(path[place])))
      return parts.at(-1) === '*' ? { ...hint, label: undefined } : hint; // each entry has a name of its own
  }
  return {};
}

/** What was typed into a field for a number: what is none stays as it is, so that it is told and not taken for nothing. */
export function numberOf(text: string): number | string | undefined {
  const typed = text.trim();
  if (typed === '') return undefined;
  const value = Number(typed);
  return Number.isFinite(value) ? value : typed;
}

const unparsed = '\uE000';

/** What was typed as JSON. Text that is none stays in the value, marked as such: it is told, kept, and nothing is saved with it. */
export function jsonOf(text: string): unknown {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return unparsed + text;
  }
}

export const isUnparsed = (value: unknown): value is string => typeof value === 'string' && value.startsWith(unparsed);

/** The text of a field for JSON: what was typed, where that is none yet. */
export const textOfJson = (value: unknown): string => {
  if (isUnparsed(value)) return value.slice(unparsed.length);
  return value === undefined ? '' : JSON.stringify(value, null, 2);
};

/** Where text stands that is no JSON: what holds it cannot be saved. */
export const unparsedIn = (problems: Record<string, Problem>): string[] =>
  Object.keys(problems).filter((path) => problems[path]?.text === 'form.notJson');

/** `firstByteTimeoutSeconds` as words. */
export function labelOf(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

export interface Problem {
  /** A key of the common texts. */
  text: string;
  values?: Record<string, unknown>;
}

/** What is wrong with a value and all in it, by path (joined with dots). Pure; the server has the last word. */
export function problemsOf(
  given: Schema,
  value: unknown,
  root: Schema = given,
  path: Path = [],
): Record<string, Problem> {
  const schema = resolved(given, root);
  const own = problemOf(schema, value);
  if (own) return { [path.join('.')]: own };
  const found: Record<string, Problem> = {};
  if (Array.isArray(value) && schema.items) {
    for (const [place, item] of value.entries())
      Object.assign(found, problemsOf(schema.items, item, root, [...path, place]));
  } else if (typeof value === 'object' && value !== null) {
    const known = value as Record<string, unknown>;
    for (const name of schema.required ?? [])
      if (known[name] === undefined || known[name] === '') found[[...path, name].join('.')] = { text: 'form.needed' };
    for (const [name, item] of Object.entries(known)) {
      const inner =
        schema.properties?.[name] ??
        (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
      if (inner) Object.assign(found, problemsOf(inner, item, root, [...path, name]));
    }
  }
  return found;
}

function problemOf(schema: Schema, value: unknown): Problem | undefined {
  if (value === undefined || value === null) return undefined;
  if (isUnparsed(value)) return { text: 'form.notJson' };
  const kind = kindOf(schema);
  if (kind === 'number' || kind === 'integer') {
    if (typeof value !== 'number' || Number.isNaN(value)) return { text: 'form.notNumber' };
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
    if ((minimum !== undefined && value < minimum) || (exclusiveMinimum !== undefined && value <= exclusiveMinimum))
      return { text: 'form.low', values: { least: minimum ?? exclusiveMinimum } };
    if ((maximum !== undefined && value > maximum) || (exclusiveMaximum !== undefined && value >= exclusiveMaximum))
      return { text: 'form.high', values: { most: maximum ?? exclusiveMaximum } };
  }
  if (kind === 'text' && typeof value === 'string' && schema.pattern && value && !matches(schema.pattern, value))
    return { text: 'form.pattern' };
  return undefined;
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true; // written for another engine: the server tells
  }
}

/** A copy with one value changed; `undefined` takes it away. */
export function changed(value: unknown, path: Path, next: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return next;
  if (typeof first === 'number') {
    const list = Array.isArray(value) ? [...value] : [];
    const inner = changed(list[first], rest, next);
    if (inner === undefined) list.splice(first, 1);
    else list[first] = inner;
    return list;
  }
  const known = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const { [first]: _old, ...others } = known;
  const inner = changed(known[first], rest, next);
  if (inner === undefined) return others;
  return first in known ? { ...known, [first]: inner } : { ...others, [first]: inner };
}
