import { RotateCw, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control } from '@/client/control';
import { CopyBlock } from '@/components/copy-button';
import { Facts } from '@/components/facts';
import { Ago, Moment } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { type Device, type DeviceToken, devicesKey, type NewToken, type Node, nameOf, nodesKey } from './data';
import { Scopes } from './scopes';

const refresh = [devicesKey, nodesKey];

/** One device: what it may do, its tokens, and its end. */
export function DeviceDrawer({ device, node, close }: { device: Device; node: Node | undefined; close(): void }) {
  const { t } = useTranslation('devices');
  const name = nameOf(device);
  const [made, setMade] = useState<NewToken>();
  const remove = useAction(() => control.call('device.pair.remove', { deviceId: device.deviceId }), {
    refresh,
    done: () => t('removed', { name }),
    onDone: close,
  });
  const ask = async () => {
    const sure = await confirm({ title: t('remove.title', { name }), text: t('remove.text'), action: t('remove.do') });
    if (sure) remove.mutate();
  };
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={name} shape="drawer-right">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 pb-6">
        <Facts
          facts={[
            [
              t('id'),
              <span key="id" className="break-all font-mono text-xs">
                {device.deviceId}
              </span>,
            ],
            [t('platform'), [device.platform, device.deviceFamily].filter(Boolean).join(' · ')],
            [t('program'), [device.clientId, device.clientMode].filter(Boolean).join(' · ')],
            [t('network'), device.remoteIp],
            [t('letIn'), <Moment key="letIn" at={device.approvedAtMs} />],
            [t('node'), node && t(node.connected ? 'connected' : 'away')],
            [
              t('commands'),
              node?.commands.length ? (
                <span key="commands" className="font-mono text-xs">
                  {node.commands.join(', ')}
                </span>
              ) : (
                ''
              ),
            ],
          ]}
        />
        <Rename key={name} device={device} />
        <section aria-label={t('tokens')} className="grid gap-2">
          <h3 className="font-semibold text-sm">{t('tokens')}</h3>
          {device.tokens.length ? (
            <ul className="divide-y divide-line rounded-lg border border-line">
              {device.tokens.map((token) => (
                <Token key={token.role} device={device} token={token} made={setMade} />
              ))}
            </ul>
          ) : (
            <p className="text-ink-faint text-sm">{t('noToken')}</p>
          )}
        </section>
        <div>
          <Button look="danger" busy={remove.isPending} onClick={() => void ask()}>
            <Trash2 aria-hidden />
            {t('remove.do')}
          </Button>
        </div>
      </div>
      {made && (
        <Dialog
          open
          onOpenChange={(open) => open || setMade(undefined)}
          title={t('newToken', { name })}
          description={t('newTokenText')}
          footer={
            <Button look="primary" onClick={() => setMade(undefined)}>
              {t('haveIt')}
            </Button>
          }
        >
          <div data-testid="new-token">
            <CopyBlock text={made.token} label={t('copyToken')} />
          </div>
        </Dialog>
      )}
    </Dialog>
  );
}

function Rename({ device }: { device: Device }) {
  const { t } = useTranslation('devices');
  const before = nameOf(device);
  const [name, setName] = useState(before);
  const wanted = name.trim();
  const rename = useAction(
    () => control.call('device.pair.rename', { deviceId: device.deviceId, displayName: wanted }),
    { refresh, done: () => t('renamed', { name: wanted }) },
  );
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (wanted && wanted !== before) rename.mutate();
      }}
    >
      <Field label={t('name')} className="min-w-0 max-w-md flex-1">
        <Input maxLength={200} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Button type="submit" busy={rename.isPending} disabled={!wanted || wanted === before}>
        {t('rename')}
      </Button>
    </form>
  );
}

function Token({ device, token, made }: { device: Device; token: DeviceToken; made(token: NewToken): void }) {
  const { t } = useTranslation('devices');
  const name = nameOf(device);
  const target = { deviceId: device.deviceId, role: token.role };
  const rotate = useAction(() => control.call('device.token.rotate', target), { refresh, onDone: made });
  const revoke = useAction(() => control.call('device.token.revoke', target), {
    refresh,
    done: () => t('tokenRevoked', { name }),
  });
  const ask = async (deed: 'rotate' | 'revoke', run: () => void) => {
    const sure = await confirm({
      title: t(`${deed}.title`, { name }),
      text: t(`${deed}.text`),
      action: t(`${deed}.do`),
    });
    if (sure) run();
  };
  return (
    <li className="grid gap-2 px-3 py-2.5">
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <span className="font-medium">{t(`role.${token.role}`, { defaultValue: token.role })}</span>
        {token.revokedAtMs !== undefined && <Badge tone="bad">{t('revoked')}</Badge>}
        <span className="text-ink-faint">{token.lastUsedAtMs ? <Ago at={token.lastUsedAtMs} /> : t('neverUsed')}</span>
        <span className="ml-auto flex gap-2">
          <Button size="small" busy={rotate.isPending} onClick={() => void ask('rotate', rotate.mutate)}>
            <RotateCw aria-hidden />
            {t('rotate.do')}
          </Button>
          {token.revokedAtMs === undefined && (
            <Button size="small" busy={revoke.isPending} onClick={() => void ask('revoke', revoke.mutate)}>
              {t('revoke.do')}
            </Button>
          )}
        </span>
      </div>
      <Scopes scopes={token.scopes} />
    </li>
  );
}
