import { Pause, Play, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { useAction } from '@/lib/use-action';
import { type Account, accountApi, accountsKey } from './api';
import { ChooseAccounts } from './choose-accounts';

/** Several accounts paused, taken back or removed at once. */
export function SeveralAccounts({ accounts, close }: { accounts: readonly Account[]; close(): void }) {
  const { t } = useTranslation('accounts');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const ids = accounts.map((each) => each.id).filter((id) => chosen.has(id));
  const count = ids.length;
  const options = { refresh: [accountsKey], onDone: close };
  const toggle = useAction(
    async (enable: boolean) => {
      for (const id of ids) await accountApi.toggle(id, enable);
    },
    { ...options, done: (_, enable) => t(enable ? 'several.resumed' : 'several.paused', { count }) },
  );
  const remove = useAction(() => accountApi.removeAll(ids), {
    ...options,
    done: () => t('several.removed', { count }),
  });
  const busy = toggle.isPending || remove.isPending;
  const askToRemove = async () => {
    const sure = await confirm({
      title: t('several.remove.title', { count }),
      text: t('remove.text'),
      action: t('several.remove'),
    });
    if (sure) remove.mutate();
  };
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={t('several.title')}>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-3">
        <ChooseAccounts title={t('several.title')} accounts={accounts} chosen={chosen} choose={setChosen} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button disabled={!count || busy} onClick={() => toggle.mutate(false)}>
            <Pause aria-hidden />
            {t('pause')}
          </Button>
          <Button disabled={!count || busy} onClick={() => toggle.mutate(true)}>
            <Play aria-hidden />
            {t('resume')}
          </Button>
          <Button look="danger" disabled={!count || busy} onClick={() => void askToRemove()}>
            <Trash2 aria-hidden />
            {t('several.remove')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
