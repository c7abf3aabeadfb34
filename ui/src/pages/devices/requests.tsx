import { useTranslation } from 'react-i18next';
import { control } from '@/client/control';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { useAction } from '@/lib/use-action';
import { type DeviceRequest, devicesKey, kindOf, nameOf, nodesKey } from './data';
import { Scopes } from './scopes';

const refresh = [devicesKey, nodesKey];

/** Devices that wait to be let in. */
export function Requests({ requests }: { requests: DeviceRequest[] }) {
  const { t } = useTranslation('devices');
  return (
    <Card title={t('pending', { count: requests.length })} bodyClassName="p-0" className="border-warn">
      <ul className="divide-y divide-line">
        {requests.map((request) => (
          <OneRequest key={request.requestId} request={request} />
        ))}
      </ul>
    </Card>
  );
}

function OneRequest({ request }: { request: DeviceRequest }) {
  const { t } = useTranslation('devices');
  const name = nameOf(request);
  const { requestId } = request;
  const approve = useAction(() => control.call('device.pair.approve', { requestId }), {
    refresh,
    done: () => t('approved', { name }),
  });
  const reject = useAction(() => control.call('device.pair.reject', { requestId }), {
    refresh,
    done: () => t('rejected', { name }),
  });
  const ask = async () => {
    const sure =
      !request.scopes.includes('operator.admin') ||
      (await confirm({ title: t('admin.title', { name }), text: t('admin.text'), action: t('approve') }));
    if (sure) approve.mutate();
  };
  const busy = approve.isPending || reject.isPending;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="grid min-w-0 flex-1 basis-64 gap-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="min-w-0 break-words font-medium">{name}</span>
          <Badge>{t(`role.${request.role}`, { defaultValue: request.role })}</Badge>
          {request.isRepair && <Badge tone="warn">{t('repair')}</Badge>}
        </p>
        <p className="text-ink-soft text-sm">
          {kindOf(request)} <Ago at={request.ts} className="text-ink-faint" />
        </p>
        <Scopes scopes={request.scopes} />
        <p className="break-all font-mono text-ink-faint text-xs">{request.deviceId}</p>
      </div>
      <div className="flex gap-2">
        <Button
          look="primary"
          size="small"
          busy={busy}
          aria-label={t('approveNamed', { name })}
          onClick={() => void ask()}
        >
          {t('approve')}
        </Button>
        <Button size="small" busy={busy} aria-label={t('rejectNamed', { name })} onClick={() => reject.mutate()}>
          {t('reject')}
        </Button>
      </div>
    </li>
  );
}
