import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useRefreshOn } from '@/client/control';
import { PageBody } from '@/components/page-body';
import { Empty } from '@/components/states';
import { Tabs } from '@/components/ui/tabs';
import { AllowLists } from './allow-lists';
import { Approvals } from './approvals';
import { devicesKey, nodesKey, rulesKey, useScope, waitingKey } from './data';
import { DeviceList } from './device-list';

const tabs = ['devices', 'approvals'] as const;

export default function DevicesAndApprovals() {
  const { t } = useTranslation('devices');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const pairing = useScope('operator.pairing');
  const approvals = useScope('operator.approvals');
  const admin = useScope('operator.admin');
  useRefreshOn(['device.pair.requested', 'device.pair.resolved', 'presence'], [devicesKey, nodesKey]);
  useRefreshOn(['exec.approval.requested', 'exec.approval.resolved'], [waitingKey, rulesKey]);
  const forbidden = <Empty title={t('forbidden')} />;
  const contents = {
    devices: pairing ? <DeviceList /> : forbidden,
    approvals: approvals ? (
      <div className="grid gap-4">
        <Approvals />
        {admin && <AllowLists />}
      </div>
    ) : (
      forbidden
    ),
  };
  return (
    <PageBody intro={t('intro')}>
      <div className="min-w-0">
        <Tabs
          value={tabs.find((each) => each === search.tab) ?? 'devices'}
          onChange={(tab) => setSearch({ tab: tab === 'devices' ? undefined : tab })}
          tabs={tabs.map((id) => ({ id, label: t(`tab.${id}`), content: contents[id] }))}
        />
      </div>
    </PageBody>
  );
}
