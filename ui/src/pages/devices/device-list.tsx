import { Laptop } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useCall } from '@/client/control';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge, Status } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { type Device, kindOf, type Node, nameOf } from './data';
import { DeviceDrawer } from './device-drawer';
import { Requests } from './requests';

/** Who waits to be let in, and the devices that were. */
export function DeviceList() {
  const { t } = useTranslation('devices');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const query = useCall('device.pair.list', {}, { refetchInterval: 30_000 });
  const nodes = useCall('node.list', {}, { refetchInterval: 30_000 });
  const byId = new Map(nodes.data?.nodes.map((node) => [node.nodeId, node]));
  const opened = query.data?.paired.find((device) => device.deviceId === search.device);
  return (
    <Loaded query={query} skeleton={<Skeleton lines={6} className="p-4" />}>
      {({ pending, paired }) => (
        <div className="grid gap-4">
          {pending.length > 0 && <Requests requests={pending} />}
          <Card title={t('devices')} bodyClassName="p-0">
            {paired.length ? (
              <ul aria-label={t('devices')} className="divide-y divide-line">
                {paired.map((device) => (
                  <OneDevice
                    key={device.deviceId}
                    device={device}
                    node={byId.get(device.deviceId)}
                    open={() => setSearch({ device: device.deviceId })}
                  />
                ))}
              </ul>
            ) : (
              <Empty icon={Laptop} title={t('none.title')} text={t('none.text')} />
            )}
          </Card>
          {opened && (
            <DeviceDrawer
              key={opened.deviceId}
              device={opened}
              node={byId.get(opened.deviceId)}
              close={() => setSearch({ device: undefined })}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}

function OneDevice({ device, node, open }: { device: Device; node: Node | undefined; open(): void }) {
  const { t } = useTranslation('devices');
  const name = nameOf(device);
  const used = Math.max(0, ...device.tokens.map((token) => token.lastUsedAtMs ?? 0));
  const ended = device.tokens.length > 0 && device.tokens.every((token) => token.revokedAtMs !== undefined);
  return (
    <li>
      <button
        type="button"
        className="flex w-full flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 text-left hover:bg-sunken"
        onClick={open}
      >
        <span className="grid min-w-0 flex-1 basis-52 gap-0.5">
          <span className="flex flex-wrap items-center gap-2">
            <span className="min-w-0 break-words font-medium">{name}</span>
            {device.roles.map((role) => (
              <Badge key={role}>{t(`role.${role}`, { defaultValue: role })}</Badge>
            ))}
            {ended && <Badge tone="bad">{t('revoked')}</Badge>}
          </span>
          <span className="truncate text-ink-soft text-sm">{kindOf(device)}</span>
        </span>
        {node && <Status tone={node.connected ? 'good' : 'neutral'}>{t(node.connected ? 'connected' : 'away')}</Status>}
        <span className="text-ink-faint text-sm">{used ? <Ago at={used} /> : t('neverUsed')}</span>
      </button>
    </li>
  );
}
