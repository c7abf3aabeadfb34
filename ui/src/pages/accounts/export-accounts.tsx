import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePermission } from '@/client/session';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { saveFile } from '@/lib/download';
import { useAction } from '@/lib/use-action';
import { type Account, accountApi } from './api';
import { ChooseAccounts } from './choose-accounts';

/** Chosen accounts as a file, with their secrets only where somebody wants that. */
export function ExportAccounts({ accounts, close }: { accounts: readonly Account[]; close(): void }) {
  const { t } = useTranslation('accounts');
  const secretsAllowed = usePermission('secrets.read');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(accounts.map((each) => each.id)));
  const [secrets, setSecrets] = useState(false);
  const give = useAction(() => accountApi.export(secrets, [...chosen]), {
    done: (document) => t('exported', { count: document.accounts.length }),
    onDone: (document) => {
      saveFile('crawdad-accounts.json', `${JSON.stringify(document, null, 2)}\n`, 'application/json');
      close();
    },
  });
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={t('exportSome.title')}>
      <form
        className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-3"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          give.mutate();
        }}
      >
        <ChooseAccounts title={t('exportSome.title')} accounts={accounts} chosen={chosen} choose={setChosen} />
        {secretsAllowed && (
          <label className="flex items-start gap-2 text-sm">
            <input
              type="checkbox"
              className="mt-0.5 accent-accent"
              checked={secrets}
              onChange={(event) => setSecrets(event.target.checked)}
            />
            <span>
              {t('exportSome.secrets')}
              <span className="block text-ink-faint text-xs">{t('exportSecrets.text')}</span>
            </span>
          </label>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{t('cancel')}</Button>
          <Button type="submit" look="primary" busy={give.isPending} disabled={!chosen.size}>
            {t('export')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
