import { render } from '@testing-library/react';
import { expect, test } from 'vitest';
import { CodeWords } from './code-words';

test('what stands between backticks is code, a single one stays, and nothing becomes markup', () => {
  const { container } = render(<CodeWords text="`lan` (all) or `<b>x</b>`, it`s" />);
  expect([...container.querySelectorAll('code')].map((each) => each.textContent)).toEqual(['lan', '<b>x</b>']);
  expect(container.textContent).toBe('lan (all) or <b>x</b>, it`s');
  expect(container.querySelector('b')).toBeNull();
});
