import { expect, test } from 'vitest';
import { inOrder } from './order';

const file = (name: string) => ({ name, isDirectory: name.endsWith('/') });

test('folders come first, and names as people look them up', () => {
  const names = ['b.md', '第10份.md', '第9份.md', 'notes/', 'A.md', '2.md', '.openclaw/'];
  const shown = inOrder(names.map(file), 'zh-CN').map((each) => each.name);
  expect(shown.slice(0, 2).sort()).toEqual(['.openclaw/', 'notes/']);
  expect(shown.slice(2).filter((name) => name.startsWith('第'))).toEqual(['第9份.md', '第10份.md']);
  expect(
    inOrder(names.map(file), 'en')
      .slice(2, 5)
      .map((each) => each.name),
  ).toEqual(['2.md', 'A.md', 'b.md']);
});
