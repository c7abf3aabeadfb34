import { useQueryClient } from '@tanstack/react-query';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAction } from '@/lib/use-action';
import { useNow } from '@/lib/use-now';
import { AccountRow } from './account-row';
import { type Account, accountApi, accountsKey, type AccountList as Listed } from './api';
import { moved } from './state';

interface AccountListProps {
  accounts: Account[];
  sortable: boolean;
  manage: boolean;
  onOpen(id: string): void;
}

/** The accounts in the order in which they are asked. It is changed by dragging a handle, or with its arrow keys. */
export function AccountList({ accounts, sortable, manage, onOpen }: AccountListProps) {
  const { t } = useTranslation('accounts');
  const now = useNow(1000);
  const list = useRef<HTMLUListElement>(null);
  const [dragged, setDragged] = useState<{ id: string; ids: string[] }>();
  const [said, setSaid] = useState('');
  const save = useOrder();
  const ids = dragged?.ids ?? accounts.map((account) => account.id);
  const byId = new Map(accounts.map((account) => [account.id, account]));

  const say = (id: string, order: readonly string[]) =>
    setSaid(t('movedTo', { name: byId.get(id)?.email, place: order.indexOf(id) + 1, all: order.length }));

  const put = (id: string, to: number) => {
    const order = moved(ids, id, to);
    if (order.join() === ids.join()) return;
    say(id, order);
    save.mutate(order);
  };

  // The rows change their places while one is dragged, and an element that is moved loses the pointer: the window has it.
  const dragging = useRef<{ follow(y: number): void; drop(): void }>(undefined);
  useEffect(() => {
    dragging.current = dragged && {
      follow(y) {
        const rows = [...(list.current?.children ?? [])].filter(
          (row) => (row as HTMLElement).dataset.id !== dragged.id,
        );
        const above = rows.filter((row) => {
          const box = row.getBoundingClientRect();
          return y > box.top + box.height / 2;
        });
        const order = moved(dragged.ids, dragged.id, above.length);
        if (order.join() !== dragged.ids.join()) setDragged({ id: dragged.id, ids: order });
      },
      drop() {
        setDragged(undefined);
        if (dragged.ids.join() === accounts.map((account) => account.id).join()) return;
        say(dragged.id, dragged.ids);
        save.mutate(dragged.ids);
      },
    };
  });
  const active = dragged !== undefined;
  useEffect(() => {
    if (!active) return;
    const follow = (event: PointerEvent) => dragging.current?.follow(event.clientY);
    const drop = () => dragging.current?.drop();
    const cancel = () => setDragged(undefined);
    window.addEventListener('pointermove', follow);
    window.addEventListener('pointerup', drop);
    window.addEventListener('pointercancel', cancel);
    return () => {
      window.removeEventListener('pointermove', follow);
      window.removeEventListener('pointerup', drop);
      window.removeEventListener('pointercancel', cancel);
    };
  }, [active]);

  const pressed = (event: KeyboardEvent, id: string) => {
    const place = ids.indexOf(id);
    const targets: Record<string, number> = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: ids.length };
    if (event.key === 'Escape') setDragged(undefined);
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    put(id, target);
  };

  return (
    <>
      <ul ref={list} aria-label={t('order.title')} className="divide-y divide-line">
        {ids.map((id, place) => {
          const account = byId.get(id);
          if (!account) return null;
          return (
            <AccountRow
              key={id}
              account={account}
              place={place + 1}
              now={now}
              manage={manage}
              lifted={dragged?.id === id}
              onOpen={() => onOpen(id)}
              handle={
                sortable
                  ? {
                      onPointerDown(event) {
                        if (event.button !== 0) return;
                        event.preventDefault(); // no text is selected on the way
                        event.currentTarget.focus();
                        setDragged({ id, ids });
                      },
                      onKeyDown: (event) => pressed(event, id),
                    }
                  : undefined
              }
            />
          );
        })}
      </ul>
      <p role="status" className="sr-only">
        {said}
      </p>
    </>
  );
}

/** Saves an order; it is shown at once, and taken back when the gateway refuses it. */
function useOrder() {
  const queries = useQueryClient();
  return useAction(
    async (order: string[]) => {
      await queries.cancelQueries({ queryKey: accountsKey });
      const before = queries.getQueryData<Listed>(accountsKey);
      queries.setQueryData<Listed>(
        accountsKey,
        (known) =>
          known && {
            ...known,
            accounts: [...known.accounts].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id)),
          },
      );
      try {
        return await accountApi.order(order);
      } catch (fault) {
        queries.setQueryData(accountsKey, before);
        throw fault;
      }
    },
    { refresh: [accountsKey] },
  );
}
