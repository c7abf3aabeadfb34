import { expect, it } from 'vitest';
import { shownArgument } from './argument';

it('hides nothing of a command', () => {
  expect(shownArgument('/usr/bin/git')).toBe('/usr/bin/git');
  expect(shownArgument('--author=Ann')).toBe('--author=Ann');
  expect(shownArgument('')).toBe('""');
  expect(shownArgument('a b')).toBe('"a b"');
  expect(shownArgument('$(rm -rf "x")')).toBe('"$(rm -rf \\"x\\")"');
  expect(shownArgument('ls\u202Etxt\n\u200b\\n')).toBe('"ls\\u202etxt\\u000a\\u200b\\\\n"');
});
