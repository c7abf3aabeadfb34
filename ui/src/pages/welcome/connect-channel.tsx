import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CircleCheck } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { pages } from '@/app/pages';
import { callKey, control, useCall } from '@/client/control';
import type { ChannelsStatus } from '@/client/control-types';
import { QrSignIn } from '@/components/qr-sign-in';
import { Failed } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Tabs } from '@/components/ui/tabs';
import { toast } from '@/components/ui/toasts';

/** The channels that need least. */
export function ConnectChannel() {
  const { t } = useTranslation('welcome');
  const [shown, setShown] = useState('weixin');
  return (
    <div>
      <Tabs
        value={shown}
        onChange={setShown}
        tabs={[
          { id: 'weixin', label: t('channel.weixin'), content: <Weixin /> },
          { id: 'telegram', label: t('channel.telegram'), content: <Telegram /> },
        ]}
      />
      {pages.some((page) => page.id === 'channels') && (
        <p className="mt-4 flex flex-wrap gap-x-4 gap-y-1 text-sm">
          <PageLink to="/channels" search={{ add: 'qq' }} className="text-accent underline underline-offset-2">
            {t('channel.qq')}
          </PageLink>
          <PageLink to="/channels" search={{ add: '1' }} className="text-accent underline underline-offset-2">
            {t('channel.others')}
          </PageLink>
        </p>
      )}
    </div>
  );
}

function useChannelAdded() {
  const queries = useQueryClient();
  const { t } = useTranslation('welcome');
  return () => {
    toast.good(t('channel.added'));
    void queries.invalidateQueries({ queryKey: callKey('channels.status') });
  };
}

function Weixin() {
  const { t } = useTranslation('welcome');
  const added = useChannelAdded();
  const [signedIn, setSignedIn] = useState(false);
  return (
    <div className="grid gap-3">
      <p className="text-ink-soft text-sm">{t('channel.weixinText')}</p>
      <QrSignIn
        channel="openclaw-weixin"
        onConnected={() => {
          setSignedIn(true);
          added();
        }}
      />
      {signedIn && <ChannelState channel="openclaw-weixin" connected={t('channel.weixinConnected')} />}
    </div>
  );
}

function Telegram() {
  const { t } = useTranslation('welcome');
  const added = useChannelAdded();
  const [token, setToken] = useState('');
  const save = useMutation({
    mutationFn: async () => {
      const { hash } = await control.call('config.get', {});
      const raw = JSON.stringify({ channels: { telegram: { enabled: true, botToken: token.trim() } } });
      await control.call('config.patch', { raw, baseHash: hash });
    },
    onSuccess: () => {
      setToken('');
      added();
    },
  });
  return (
    <form
      className="grid max-w-lg gap-3"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (token.trim()) save.mutate();
      }}
    >
      <Field label={t('channel.botToken')} hint={t('channel.botTokenHint')}>
        <Input type="password" autoComplete="off" value={token} onChange={(event) => setToken(event.target.value)} />
      </Field>
      {save.isError && <Failed error={save.error} />}
      {save.isSuccess && <ChannelState channel="telegram" connected={t('channel.connected')} />}
      <div>
        <Button type="submit" look="primary" busy={save.isPending} disabled={!token.trim()}>
          {t('channel.connect')}
        </Button>
      </div>
    </form>
  );
}

/** Whether the platform took the token, and what comes next. */
function ChannelState({ channel, connected }: { channel: string; connected: string }) {
  const { t } = useTranslation('welcome');
  const accounts = (status?: ChannelsStatus) => status?.channelAccounts[channel] ?? [];
  const joined = (status?: ChannelsStatus) => accounts(status).some((each) => each.connected);
  const status = useCall('channels.status', {}, { refetchInterval: (data) => (joined(data) ? 30_000 : 1500) });
  const fault = accounts(status.data).find((each) => each.lastError)?.lastError;
  if (joined(status.data))
    return (
      <p role="status" className="flex items-start gap-2 rounded-md bg-good-wash px-3 py-2 text-sm">
        <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />
        <span>
          {connected}{' '}
          <PageLink to="/channels" className="text-accent underline underline-offset-2">
            {t('channel.toChannels')}
          </PageLink>
        </span>
      </p>
    );
  if (fault) return <Failed error={new Error(fault)} />;
  return (
    <p role="status" className="text-ink-soft text-sm">
      {t('channel.connecting')}
    </p>
  );
}
