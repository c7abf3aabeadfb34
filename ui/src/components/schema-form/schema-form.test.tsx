import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { problemsOf, type Schema, unparsedIn } from './schema';
import { SchemaForm } from './schema-form';

const schema: Schema = {
  type: 'object',
  properties: {
    port: { type: 'integer', title: 'Port' },
    ports: { type: 'array', title: 'Ports', items: { type: 'integer' } },
    names: { type: 'array', title: 'Names', items: { type: 'string' } },
    secret: { type: 'string', title: 'Secret', writeOnly: true },
    note: { type: 'string', title: 'Note' },
    free: { type: 'object', title: 'Free' },
    chats: {
      type: 'object',
      title: 'Chats',
      additionalProperties: { type: 'object', properties: { on: { type: 'boolean' } } },
    },
  },
};

type Value = Record<string, unknown>;
const hints = { 'chats.*': { label: '*', help: 'A chat' } };

function Shown({ result }: { result: { value: Value } }) {
  const [value, setValue] = useState(result.value);
  const put = (next: unknown) => {
    result.value = next as Value;
    setValue(result.value);
  };
  return <SchemaForm schema={schema} hints={hints} value={value} problems={problemsOf(schema, value)} onChange={put} />;
}

/** Draws the form; what it has made of the value is in the result. */
function filled(value: Value): { value: Value } {
  const result = { value };
  render(<Shown result={result} />);
  return result;
}

const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });

test('what is no number is kept and told, not taken for nothing', () => {
  const form = filled({ port: 80 });
  type('Port', 'abc');
  expect(form.value).toEqual({ port: 'abc' });
  expect(problemsOf(schema, form.value)).toEqual({ port: { text: 'form.notNumber' } });
  type('Port', '8080');
  expect(form.value).toEqual({ port: 8080 });
});

test('text that is no JSON is marked, and does not leave the value of before to be saved', () => {
  const form = filled({ free: { a: 1 } });
  type('Free', '{ "a": 2');
  expect(unparsedIn(problemsOf(schema, form.value))).toEqual(['free']);
  expect(form.value).not.toEqual({ free: { a: 1 } });
  expect(screen.getByLabelText('Free').getAttribute('aria-invalid')).toBe('true');
  cleanup();
  filled(form.value);
  expect((screen.getByLabelText('Free') as HTMLTextAreaElement).value).toBe('{ "a": 2');
  cleanup();
  const again = filled(form.value);
  type('Free', '{ "a": 2 }');
  expect(again.value).toEqual({ free: { a: 2 } });
  expect(problemsOf(schema, again.value)).toEqual({});
});

test('a secret that was typed and erased again is the one of before, and one can be removed', () => {
  const form = filled({ secret: '__REDACTED__' });
  type('Secret', 'a');
  type('Secret', 'ab');
  expect(form.value).toEqual({ secret: 'ab' });
  type('Secret', '');
  expect(form.value).toEqual({ secret: '__REDACTED__' });
  fireEvent.click(screen.getByRole('button', { name: 'remove' }));
  expect(form.value).toEqual({});
  fireEvent.click(screen.getByRole('button', { name: 'undo' }));
  expect(form.value).toEqual({ secret: '__REDACTED__' });
});

test('an entry that is emptied stays, and one that is removed takes its own field along', () => {
  const form = filled({ ports: [1111, 2222], names: ['ann', 'bob'] });
  const fields = () => screen.getAllByLabelText('1').map((field) => (field as HTMLInputElement).value);
  fireEvent.change(screen.getAllByLabelText('1')[0] as Element, { target: { value: '' } });
  expect(form.value).toEqual({ ports: ['', 2222], names: ['ann', 'bob'] });
  fireEvent.click(screen.getAllByRole('button', { name: /removeEntry/ })[0] as Element);
  expect(form.value).toEqual({ ports: [2222], names: ['ann', 'bob'] });
  expect(fields()).toContain('2222');
});

test('a text may grow under the hands of whoever writes it, and entries go by their own names', () => {
  const form = filled({ note: 'short', chats: { 'a group': { on: true } } });
  const field = screen.getByLabelText('Note');
  type('Note', 'x'.repeat(200));
  expect(screen.getByLabelText('Note')).toBe(field);
  expect(form.value.note).toHaveLength(200);
  expect(screen.getByText('a group')).toBeTruthy();
});
