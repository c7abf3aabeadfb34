import { useTranslation } from 'react-i18next';
import { Dialog } from '@/components/ui/dialog';
import { Tabs } from '@/components/ui/tabs';
import { AddByKey } from './add-by-key';
import { AddServiceAccount } from './add-service-account';
import { GoogleSignIn } from './google-sign-in';
import { ImportAccounts } from './import-accounts';

const ways = ['key', 'google', 'service', 'import'] as const;

/** The ways to an account: a key, a sign-in, or a file. */
export function AddAccount({ way, onWay, close }: { way: string; onWay(way: string): void; close(): void }) {
  const { t } = useTranslation('accounts');
  const shown = ways.find((each) => each === way) ?? 'key';
  const contents = {
    key: <AddByKey done={close} />,
    google: <GoogleSignIn done={close} />,
    service: <AddServiceAccount done={close} />,
    import: <ImportAccounts done={close} />,
  };
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={t('add')}>
      <Tabs
        value={shown}
        onChange={onWay}
        tabs={ways.map((each) => ({ id: each, label: t(`way.${each}`), content: contents[each] }))}
      />
    </Dialog>
  );
}
