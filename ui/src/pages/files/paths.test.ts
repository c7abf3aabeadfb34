import { describe, expect, it } from 'vitest';
import { crumbsOf, folderOf, joined, languageOf, listOf, nameOf } from './paths';

describe('paths of the workspace', () => {
  it('lead through their folders', () => {
    expect(crumbsOf('')).toEqual([]);
    expect(crumbsOf('a//b c/')).toEqual([
      { name: 'a', path: 'a' },
      { name: 'b c', path: 'a/b c' },
    ]);
    expect([folderOf('a/b.txt'), folderOf('b.txt'), nameOf('a/b.txt'), nameOf('b.txt')]).toEqual([
      'a',
      '',
      'b.txt',
      'b.txt',
    ]);
  });

  it('are put together however a folder was typed', () => {
    expect(joined(' /a/b/ ', ' c.md ')).toBe('a/b/c.md');
    expect(joined('', 'c.md')).toBe('c.md');
  });

  it('tell the language of a text by its ending', () => {
    expect(['a/NOTES.MD', 'x.json', 'page.html'].map(languageOf)).toEqual(['markdown', 'json', undefined]);
    expect(listOf(' *.md\n\nSOUL.md, x ')).toEqual(['*.md', 'SOUL.md', 'x']);
  });
});
