import { QueryClientProvider } from '@tanstack/react-query';
import { act, fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { queries } from '@/client/queries';
import { type AfterSaving, RuleList } from './rule-list';

test('what was written stays until the gateway has taken it', () => {
  const save = vi.fn<(rules: unknown, words: string, after?: AfterSaving) => void>();
  render(
    <QueryClientProvider client={queries}>
      <RuleList rules={[]} write busy={false} save={save} />
    </QueryClientProvider>,
  );
  fireEvent.click(screen.getByRole('button', { name: 'addRule' }));
  fireEvent.change(screen.getByLabelText('match', { exact: false }), { target: { value: 'gpt-*' } });
  fireEvent.change(screen.getByLabelText('target'), { target: { value: 'a/b' } });
  fireEvent.click(screen.getByRole('button', { name: 'save' }));
  expect(save.mock.calls[0]?.[0]).toMatchObject([{ match: 'gpt-*', targets: [{ model: 'a/b' }] }]);
  expect(screen.getByRole('dialog')).toBeTruthy();
  act(() => save.mock.calls[0]?.[2]?.done?.());
  expect(screen.queryByRole('dialog')).toBeNull();
});
