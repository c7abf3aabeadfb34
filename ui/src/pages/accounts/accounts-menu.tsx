import { Download, EllipsisVertical, FileKey, Hourglass, ListChecks, SquareCheck, Upload } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePermission } from '@/client/session';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Menu, MenuItem, MenuLine } from '@/components/ui/menu';
import { saveFile } from '@/lib/download';
import { useAction } from '@/lib/use-action';
import { accountApi, accountsKey } from './api';

interface AccountsMenuProps {
  any: boolean;
  onImport(): void;
  onExport(): void;
  onSeveral(): void;
}

/** What concerns all accounts. */
export function AccountsMenu({ any, onImport, onExport, onSeveral }: AccountsMenuProps) {
  const { t } = useTranslation('accounts');
  const secretsAllowed = usePermission('secrets.read');
  const give = useAction((secrets: boolean) => accountApi.export(secrets), {
    done: (document) => t('exported', { count: document.accounts.length }),
    onDone: (document) =>
      saveFile('crawdad-accounts.json', `${JSON.stringify(document, null, 2)}\n`, 'application/json'),
  });
  const endRests = useAction(accountApi.endRests, {
    refresh: [accountsKey],
    done: ({ cleared }) => t('restsEnded', { count: cleared }),
  });
  const askForSecrets = async () => {
    const sure = await confirm({ title: t('exportSecrets.title'), text: t('exportSecrets.text'), action: t('export') });
    if (sure) give.mutate(true);
  };
  return (
    <Menu
      trigger={
        <Button size="icon" aria-label={t('moreActions')} className="sm:order-first">
          <EllipsisVertical aria-hidden />
        </Button>
      }
    >
      <MenuItem onSelect={onImport}>
        <Upload aria-hidden />
        {t('import')}
      </MenuItem>
      <MenuItem disabled={!any} onSelect={() => give.mutate(false)}>
        <Download aria-hidden />
        {t('exportPlain')}
      </MenuItem>
      {secretsAllowed && (
        <MenuItem disabled={!any} onSelect={() => void askForSecrets()}>
          <FileKey aria-hidden />
          {t('exportSecrets')}
        </MenuItem>
      )}
      <MenuItem disabled={!any} onSelect={onExport}>
        <ListChecks aria-hidden />
        {t('exportSome')}
      </MenuItem>
      <MenuLine />
      <MenuItem disabled={!any} onSelect={onSeveral}>
        <SquareCheck aria-hidden />
        {t('several')}
      </MenuItem>
      <MenuItem disabled={!any} onSelect={() => endRests.mutate()}>
        <Hourglass aria-hidden />
        {t('endRests')}
      </MenuItem>
    </Menu>
  );
}
