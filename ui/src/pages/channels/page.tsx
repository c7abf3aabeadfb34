import { Plus, Radio } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useCall, useRefreshOn } from '@/client/control';
import { PageBody } from '@/components/page-body';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { AccountDrawer } from './account-drawer';
import { AccountRow } from './account-row';
import { AddChannel } from './add-channel';
import { type ChannelAccount, pairingKey, statusKey } from './data';
import { DeadLetters } from './dead-letters';
import { labelOf } from './kinds';
import { Waiting } from './waiting';

export default function Channels() {
  const { t, i18n } = useTranslation('channels');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const query = useCall('channels.status', {}, { refetchInterval: 5_000 });
  useRefreshOn(['chat', 'health'], [statusKey, pairingKey]);
  const add = (
    <Button look="primary" onClick={() => setSearch({ add: '1' })}>
      <Plus aria-hidden />
      {t('add')}
    </Button>
  );
  const label = (channel: string) => labelOf(channel, query.data?.channelLabels[channel], i18n.language);
  const opened = query.data?.channelAccounts[search.channel ?? '']?.find(
    (each) => each.accountId === (search.account ?? 'default'),
  ) as ChannelAccount | undefined;
  return (
    <PageBody intro={t('intro')} actions={add}>
      <Waiting />
      <Loaded query={query} skeleton={<Skeleton lines={8} />}>
        {({ channelOrder, channelAccounts }) =>
          channelOrder.length ? (
            <div className="grid items-start gap-4 lg:grid-cols-2">
              {channelOrder.map((channel) => (
                <Card key={channel} title={label(channel)} bodyClassName="p-0">
                  <ul className="divide-y divide-line">
                    {(channelAccounts[channel] as ChannelAccount[]).map((account) => (
                      <AccountRow key={account.accountId} channel={channel} label={label(channel)} account={account} />
                    ))}
                  </ul>
                </Card>
              ))}
            </div>
          ) : (
            <Card>
              <Empty icon={Radio} title={t('none.title')} text={t('none.text')} action={add} />
            </Card>
          )
        }
      </Loaded>
      <DeadLetters label={label} />
      {search.add && query.data && <AddChannel status={query.data} />}
      {opened && search.channel && (
        <AccountDrawer
          key={`${search.channel}/${opened.accountId}`}
          channel={search.channel}
          label={label(search.channel)}
          account={opened}
          alone={query.data?.channelAccounts[search.channel]?.length === 1}
          close={() => setSearch({ channel: undefined, account: undefined })}
        />
      )}
    </PageBody>
  );
}
