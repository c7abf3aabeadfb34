import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { Dialog } from './dialog';

const shown = (more: { insistent?: boolean } = {}) => {
  const onOpenChange = vi.fn();
  render(
    <Dialog open onOpenChange={onOpenChange} title="a window" {...more}>
      <form>
        <input aria-label="a field" />
      </form>
    </Dialog>,
  );
  return onOpenChange;
};

test('Escape is the input method’s while characters are chosen, and closes otherwise', () => {
  const changed = shown();
  const field = screen.getByLabelText('a field');
  fireEvent.keyDown(field, { key: 'Escape', isComposing: true });
  fireEvent.keyDown(field, { key: 'Escape', keyCode: 229 });
  expect(changed).not.toHaveBeenCalled();
  fireEvent.keyDown(field, { key: 'Escape' });
  expect(changed).toHaveBeenCalledWith(false);
});

test('what is shown once is not closed by Escape', () => {
  const changed = shown({ insistent: true });
  fireEvent.keyDown(screen.getByLabelText('a field'), { key: 'Escape' });
  expect(changed).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole('button'));
  expect(changed).toHaveBeenCalledWith(false);
});
