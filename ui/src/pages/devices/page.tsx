import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { commandsOf } from '@/client/approvals';
import { useCall, useRefreshOn } from '@/client/control';
import { PageBody } from '@/components/page-body';
import { Empty } from '@/components/states';
import { Badge } from '@/components/ui/badge';
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
  const asking = useCall('device.pair.list', {}, { enabled: pairing }).data?.pending.length ?? 0;
  const commands = commandsOf(useCall('exec.approval.list', {}, { enabled: approvals }).data ?? []).length;
  const waiting = { devices: asking, approvals: commands };
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
          tabs={tabs.map((id) => ({
            id,
            label: <Label name={t(`tab.${id}`)} waiting={waiting[id]} />,
            content: contents[id],
          }))}
        />
      </div>
    </PageBody>
  );
}

/** The name of a tab, and how many wait there. */
function Label({ name, waiting }: { name: string; waiting: number }) {
  if (!waiting) return name;
  return (
    <span className="inline-flex items-center gap-1.5">
      {name}
      <Badge tone="warn">{waiting}</Badge>
    </span>
  );
}
