import { expect, test } from 'vitest';
import { changed, hintAt, kindOf, labelOf, problemsOf, resolved, type Schema } from './schema';

const root: Schema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[a-z]+$' },
    port: { anyOf: [{ type: 'integer', minimum: 1, maximum: 65535 }, { type: 'null' }], default: 80 },
    mode: { anyOf: [{ const: 'a' }, { const: 'b' }] },
    nested: { $ref: '#/$defs/Nested' },
    many: { type: 'object', additionalProperties: { $ref: '#/$defs/Nested' } },
  },
  $defs: { Nested: { type: 'object', properties: { on: { type: 'boolean' } } }, Loop: { $ref: '#/$defs/Loop' } },
};
const kind = (name: string) => kindOf(resolved(root.properties?.[name] ?? {}, root));

test('references and “this or nothing” are looked through', () => {
  expect(['name', 'port', 'mode', 'nested', 'many'].map(kind)).toEqual([
    'text',
    'integer',
    'choice',
    'object',
    'entries',
  ]);
  expect(resolved({ $ref: '#/$defs/Loop' }, root)).toEqual({});
});

test('problems have their places', () => {
  expect(problemsOf(root, { name: 'A', port: 0, many: { x: { on: true } } })).toEqual({
    name: { text: 'form.pattern' },
    port: { text: 'form.low', values: { least: 1 } },
  });
  expect(problemsOf(root, {})).toEqual({ name: { text: 'form.needed' } });
  expect(problemsOf(root, { name: 'a', port: Number.NaN })).toEqual({ port: { text: 'form.notNumber' } });
});

test('a change touches nothing else', () => {
  const value = { a: { b: 1, c: [1, 2] }, d: 3 };
  expect(changed(value, ['a', 'c', 0], 9)).toEqual({ a: { b: 1, c: [9, 2] }, d: 3 });
  expect(changed(value, ['a', 'b'], undefined)).toEqual({ a: { c: [1, 2] }, d: 3 });
  expect(changed(undefined, ['x', 'y'], 1)).toEqual({ x: { y: 1 } });
  expect(value).toEqual({ a: { b: 1, c: [1, 2] }, d: 3 });
});

test('hints by path and names as words', () => {
  expect(hintAt({ 'models.*.key': { label: 'Key' } }, ['models', 'x', 'key'])).toEqual({ label: 'Key' });
  expect(labelOf('firstByteTimeoutSeconds')).toBe('First byte timeout seconds');
});
