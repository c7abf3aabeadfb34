import { Activity, LogOut, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { patchConfig } from '@/client/configuration';
import { callKey, control, useCall } from '@/client/control';
import { Facts } from '@/components/facts';
import { QrSignIn } from '@/components/qr-sign-in';
import { Loaded } from '@/components/states';
import { Moment } from '@/components/time';
import { Status } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { toast } from '@/components/ui/toasts';
import { useAction } from '@/lib/use-action';
import { AccessForm } from './access-form';
import { nameOf } from './account-row';
import { blockName, withoutAccount } from './blocks';
import { Credentials } from './credentials';
import { type ChannelAccount, stateOf, statusKey } from './data';
import { hasSignIn, kinds } from './kinds';
import { People } from './people';
import { QuickSignIn } from './quick-sign-in';

interface AccountDrawerProps {
  channel: string;
  label: string;
  account: ChannelAccount;
  /** It is the only one of its channel. */
  alone: boolean;
  close(): void;
}

/** One account: how it is, signing in and out, and who may write to it. */
export function AccountDrawer({ channel, label, account, alone, close }: AccountDrawerProps) {
  const { t } = useTranslation('channels');
  const name = nameOf(label, account);
  const state = stateOf(account);
  const where = { channel, accountId: account.accountId };
  const config = useCall('config.get', {});
  const [anew, setAnew] = useState(state.name === 'needs_login');
  const probe = useAction(() => control.call('channels.status', { probe: true }, { timeoutMs: 30_000 }), {
    refresh: [statusKey],
    done: () => t('probed'),
  });
  const logout = useAction(() => control.call('channels.logout', where), {
    refresh: [statusKey],
    done: () => t('loggedOut', { name }),
  });
  const remove = useAction(() => patchConfig((now) => withoutAccount(now, channel, account.accountId)), {
    refresh: [statusKey, callKey('config.get')],
    done: () => t('removed', { name }),
    onDone: close,
  });
  const askToRemove = async () => {
    const sure = await confirm({
      title: t('remove.title', { name }),
      text: t('remove.text'),
      action: t('remove'),
    });
    if (sure) remove.mutate();
  };
  const fields = kinds.find((each) => each.id === channel)?.fields ?? [];
  const askToLogOut = async () => {
    const sure = await confirm({
      title: t('logout.title', { name }),
      text: hasSignIn(channel) ? t('logout.textQr') : t('logout.text'),
      action: t('logout'),
    });
    if (sure) logout.mutate();
  };
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={name} description={label} shape="drawer-right">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 pb-6">
        <div className="flex flex-wrap items-center gap-2">
          <Status tone={state.tone} className="mr-2">
            {t(`state.${state.name}`)}
          </Status>
          <Button size="small" busy={probe.isPending} disabled={!account.running} onClick={() => probe.mutate()}>
            <Activity aria-hidden />
            {t('probe')}
          </Button>
          <Button
            size="small"
            busy={logout.isPending}
            disabled={!account.configured || state.name === 'needs_login'}
            onClick={() => void askToLogOut()}
          >
            <LogOut aria-hidden />
            {t('logout')}
          </Button>
        </div>
        <p className="text-ink-soft text-sm">
          {t(state.name === 'needs_login' && hasSignIn(channel) ? 'state.needs_login.qr' : `state.${state.name}.text`)}
        </p>
        <Facts
          facts={[
            [t('account'), <code key="account">{account.accountId}</code>],
            [t('identity'), account.identity],
            [t('heard'), account.lastSeenAt && <Moment key="seen" at={account.lastSeenAt} />],
            [t('in'), account.lastInboundAt && <Moment key="in" at={account.lastInboundAt} />],
            [t('out'), account.lastOutboundAt && <Moment key="out" at={account.lastOutboundAt} />],
            [t('connectedAt'), account.lastConnectedAt && <Moment key="connected" at={account.lastConnectedAt} />],
            [t('startedAt'), account.lastStartAt && <Moment key="started" at={account.lastStartAt} />],
            [t('reconnects'), account.reconnectAttempts],
            [t('lastError'), state.name !== 'connected' && account.lastError],
          ]}
        />
        {hasSignIn(channel) && (
          <section aria-label={t('signIn')} className="grid justify-items-start gap-3 border-line border-t pt-4">
            <h3 className="font-semibold text-sm">{t('signIn')}</h3>
            {anew || !account.connected ? (
              <>
                {channel === 'qq' && alone && <QuickSignIn />}
                <QrSignIn
                  {...where}
                  force={account.connected}
                  onConnected={() => {
                    setAnew(false);
                    toast.good(t('signedIn', { name }));
                  }}
                />
              </>
            ) : (
              <>
                <p className="text-ink-soft text-sm">{t('signIn.already')}</p>
                <Button size="small" onClick={() => setAnew(true)}>
                  {t('signIn.anew')}
                </Button>
              </>
            )}
          </section>
        )}
        {fields.length > 0 && (
          <section aria-label={t('credentials')} className="grid gap-3 border-line border-t pt-4">
            <h3 className="font-semibold text-sm">{t('credentials')}</h3>
            <Loaded query={config}>
              {(found) => (
                <Credentials config={found.parsed} channel={channel} account={account.accountId} fields={fields} />
              )}
            </Loaded>
          </section>
        )}
        <section aria-label={t('access')} className="grid gap-3 border-line border-t pt-4">
          <h3 className="font-semibold text-sm">{t('access')}</h3>
          <Loaded query={config}>
            {(found) => (
              <AccessForm
                key={`${channel} ${account.accountId}`}
                config={found.parsed}
                channel={channel}
                account={account.accountId}
              />
            )}
          </Loaded>
        </section>
        <People {...where} />
        <div className="flex flex-wrap items-center gap-3 border-line border-t pt-4">
          <Button look="danger" busy={remove.isPending} onClick={() => void askToRemove()}>
            <Trash2 aria-hidden />
            {t('remove')}
          </Button>
          {config.data && (
            <PageLink
              to="/configuration"
              search={{ at: `channels.${blockName(config.data.parsed, channel)}` }}
              className="text-accent text-sm underline-offset-4 hover:underline"
            >
              {t('allSettings')}
            </PageLink>
          )}
        </div>
      </div>
    </Dialog>
  );
}
