import { expect, test } from 'vitest';
import { reportAt } from './report-names';

test('the name of a report says when it was', () => {
  expect(reportAt('fault_report_20261129_190323_plugin_73a1d9.md')).toBe(Date.parse('2026-11-29T19:03:23Z'));
  expect(reportAt('notes.md')).toBeUndefined();
});
