import { CircleHelp, Plus, RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { usePermission } from '@/client/session';
import { PageBody } from '@/components/page-body';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { SearchField } from '@/components/ui/search-field';
import { toast } from '@/components/ui/toasts';
import { useAction } from '@/lib/use-action';
import { useNow } from '@/lib/use-now';
import { AccountDrawer } from './account-drawer';
import { AccountList } from './account-list';
import { AccountsMenu } from './accounts-menu';
import { AddAccount } from './add-account';
import { type Account, accountApi, accountsKey, useAccounts, useRefreshProgress } from './api';
import { ExportAccounts } from './export-accounts';
import { SeveralAccounts } from './several-accounts';
import { stateOf } from './state';

const FEW = 8;

export default function Accounts() {
  const { t } = useTranslation('accounts');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const manage = usePermission('accounts.manage');
  const query = useAccounts();
  const [exporting, setExporting] = useState(false);
  const [several, setSeveral] = useState(false);
  const opened = query.data?.accounts.find((account) => account.id === search.account);
  return (
    <PageBody
      intro={t('intro')}
      actions={
        manage && (
          <>
            <RefreshAll />
            <AccountsMenu
              any={Boolean(query.data?.accounts.length)}
              onImport={() => setSearch({ add: 'import' })}
              onExport={() => setExporting(true)}
              onSeveral={() => setSeveral(true)}
            />
            <Button look="primary" onClick={() => setSearch({ add: 'key' })}>
              <Plus aria-hidden />
              {t('add')}
            </Button>
          </>
        )
      }
    >
      <Loaded query={query} skeleton={<Skeleton lines={8} />}>
        {({ accounts }) =>
          accounts.length ? (
            <Found accounts={accounts} manage={manage} />
          ) : (
            <Card>
              <Empty
                icon={CircleHelp}
                title={t('none.title')}
                text={t('none.text')}
                action={
                  manage && (
                    <Button look="primary" onClick={() => setSearch({ add: 'key' })}>
                      {t('add')}
                    </Button>
                  )
                }
              />
            </Card>
          )
        }
      </Loaded>
      {manage && search.add && (
        <AddAccount way={search.add} onWay={(add) => setSearch({ add })} close={() => setSearch({ add: undefined })} />
      )}
      {several && query.data && <SeveralAccounts accounts={query.data.accounts} close={() => setSeveral(false)} />}
      {exporting && query.data && <ExportAccounts accounts={query.data.accounts} close={() => setExporting(false)} />}
      {opened && (
        <AccountDrawer
          key={opened.id}
          account={opened}
          manage={manage}
          close={() => setSearch({ account: undefined })}
        />
      )}
    </PageBody>
  );
}

function Found({ accounts, manage }: { accounts: Account[]; manage: boolean }) {
  const { t } = useTranslation('accounts');
  const now = useNow();
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const wanted = (search.q ?? '').toLowerCase();
  const ready = accounts.filter((account) =>
    ['ready', 'partlyResting', 'protected'].includes(stateOf(account, now).name),
  );
  const shown = accounts.filter((account) => {
    if (search.state && stateOf(account, now).tone !== search.state) return false;
    return `${account.email} ${account.name ?? ''} ${account.provider}`.toLowerCase().includes(wanted);
  });
  return (
    <Card
      title={t('order.title')}
      aside={
        <>
          <span className="numbers text-ink-faint text-xs">
            {t('ready', { ready: ready.length, all: accounts.length })}
          </span>
          {accounts.length > FEW && (
            <SearchField label={t('find')} className="h-7 w-44" value={search.q} onValue={(q) => setSearch({ q })} />
          )}
        </>
      }
      bodyClassName="p-0"
    >
      {shown.length ? (
        <AccountList
          accounts={shown}
          sortable={manage && shown.length === accounts.length && accounts.length > 1}
          manage={manage}
          onOpen={(id) => setSearch({ account: id })}
        />
      ) : (
        <Empty title={t('nothingFound')} />
      )}
    </Card>
  );
}

function RefreshAll() {
  const { t } = useTranslation('accounts');
  const [running, setRunning] = useState(false);
  const refresh = useAction(
    () => {
      setRunning(true);
      return accountApi.refreshAll().finally(() => setRunning(false));
    },
    {
      refresh: [accountsKey],
      onDone(found) {
        const words = t('refreshed', { success: found.success, total: found.total });
        if (found.failed) toast.bad(words, { detail: found.details.slice(0, 5).join('\n') });
        else toast.good(words);
      },
    },
  );
  const progress = useRefreshProgress(running).data;
  return (
    <Button busy={refresh.isPending} onClick={() => refresh.mutate()}>
      {!refresh.isPending && <RefreshCw aria-hidden />}
      {running && progress?.running ? t('refreshing', { done: progress.done, total: progress.total }) : t('refreshAll')}
    </Button>
  );
}
