import { beforeAll, expect, test } from 'vitest';
import { startI18n } from '@/i18n';
import type { SessionRow } from './control-types';
import { sessionName } from './session-names';

beforeAll(startI18n);

const row = (values: Partial<SessionRow>) => ({ key: 'agent:a:console:1', ...values }) as SessionRow;

test('a session is called by its name, by its first words, by what it is, by its key', () => {
  expect(sessionName(row({ displayName: 'Weather', derivedTitle: 'How is it' }))).toBe('Weather');
  expect(sessionName(row({ derivedTitle: '今天天气怎么样' }))).toBe('今天天气怎么样');
  expect(sessionName(row({ key: 'agent:a:main' }))).toBe('Main conversation');
  expect(sessionName(row({}))).toBe('console:1');
});
