import { expect, test } from 'vitest';
import { session } from '@/client/session';
import type { Snapshot } from './api';
import { drafts, isUnsaved } from './drafts';

const base = { raw: '{}', parsed: { a: 1 }, hash: 'h' } as unknown as Snapshot;

test('what is not as in the file is unsaved', () => {
  expect(isUnsaved({})).toBe(false);
  expect(isUnsaved({ form: { base, draft: { a: 1 } }, text: { base, text: '{}' } })).toBe(false);
  expect(isUnsaved({ form: { base, draft: { a: 2 } } })).toBe(true);
  expect(isUnsaved({ text: { base, text: '{ }' } })).toBe(true);
});

test('who signs out leaves nothing behind', () => {
  drafts.text.current = { base, text: 'secret' };
  session.set(null);
  expect(drafts.text.current).toBeUndefined();
});
