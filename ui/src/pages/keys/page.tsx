import { KeyRound, Plus } from 'lucide-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { PageBody } from '@/components/page-body';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Dialog } from '@/components/ui/dialog';
import { SearchField } from '@/components/ui/search-field';
import { Switch } from '@/components/ui/switch';
import { type Key, type KeyMade, keyApi, keysKey, useKeys } from './api';
import { KeyDrawer } from './key-drawer';
import { KeyForm } from './key-form';
import { KeyRow } from './key-row';
import { NewToken } from './new-token';
import { treeOf } from './tree';

export default function Keys() {
  const { t } = useTranslation('keys');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const [made, setMade] = useState<KeyMade>();
  const revoked = search.revoked === 'true';
  const query = useKeys(revoked);
  const opened = query.data?.keys.find((key) => key.id === search.key);
  const add = (
    <Button look="primary" onClick={() => setSearch({ new: true })}>
      <Plus aria-hidden />
      {t('add')}
    </Button>
  );
  return (
    <PageBody intro={t('intro')} actions={add}>
      <Loaded query={query} skeleton={<Skeleton lines={8} />}>
        {({ keys }) =>
          keys.length || revoked ? (
            <Found keys={keys} revoked={revoked} />
          ) : (
            <Card>
              <Empty icon={KeyRound} title={t('none.title')} text={t('none.text')} action={add} />
            </Card>
          )
        }
      </Loaded>
      {search.new && !made && (
        <Dialog
          open
          onOpenChange={(open) => open || setSearch({ new: undefined })}
          title={t('add')}
          shape="drawer-right"
        >
          <KeyForm
            save={keyApi.make}
            refresh={[keysKey]}
            action={t('make')}
            close={() => setSearch({ new: undefined })}
            onSaved={(key) => {
              setMade(key as KeyMade);
              setSearch({ new: undefined });
            }}
          />
        </Dialog>
      )}
      {made && <NewToken made={made} close={() => setMade(undefined)} />}
      {opened && (
        <KeyDrawer
          key={opened.id}
          opened={opened}
          keys={query.data?.keys ?? []}
          close={() => setSearch({ key: undefined })}
        />
      )}
    </PageBody>
  );
}

function Found({ keys, revoked }: { keys: Key[]; revoked: boolean }) {
  const { t } = useTranslation('keys');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const switchId = useId();
  const wanted = (search.q ?? '').toLowerCase();
  const shown = treeOf(keys).filter(({ key }) =>
    `${key.name} ${key.owner} ${key.hint} ${key.id}`.toLowerCase().includes(wanted),
  );
  return (
    <Card
      title={t('count', { count: keys.length })}
      aside={
        <>
          <label htmlFor={switchId} className="flex items-center gap-2 text-ink-soft text-sm">
            <Switch id={switchId} checked={revoked} onCheckedChange={(on) => setSearch({ revoked: on || undefined })} />
            {t('showRevoked')}
          </label>
          <SearchField label={t('find')} className="h-7 w-40" value={search.q} onValue={(q) => setSearch({ q })} />
        </>
      }
      bodyClassName="p-0"
    >
      {shown.length ? (
        <ul className="divide-y divide-line">
          {shown.map(({ key, depth }) => (
            <KeyRow key={key.id} shown={key} depth={wanted ? 0 : depth} keys={keys} />
          ))}
        </ul>
      ) : (
        <Empty title={t('nothingFound')} />
      )}
    </Card>
  );
}
