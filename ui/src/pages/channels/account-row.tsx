import { Play, Settings2, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink, useSetSearch } from '@/app/links';
import { control } from '@/client/control';
import { Ago } from '@/components/time';
import { Badge, Status } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Tooltip } from '@/components/ui/tooltip';
import { useAction } from '@/lib/use-action';
import { type ChannelAccount, stateOf, statusKey } from './data';

interface AccountRowProps {
  channel: string;
  label: string;
  account: ChannelAccount;
}

/** What somebody calls an account: its name, else whom the platform says it is. */
export function nameOf(label: string, account: ChannelAccount): string {
  return account.name || account.identity || (account.accountId === 'default' ? label : account.accountId);
}

export function AccountRow({ channel, label, account }: AccountRowProps) {
  const { t } = useTranslation('channels');
  const setSearch = useSetSearch();
  const name = nameOf(label, account);
  const state = stateOf(account);
  const where = { channel, accountId: account.accountId };
  const refresh = [statusKey];
  const start = useAction(() => control.call('channels.start', where), { refresh, done: () => t('started', { name }) });
  const stop = useAction(() => control.call('channels.stop', where), { refresh, done: () => t('stopped', { name }) });
  const askToStop = async () => {
    const text = t('stop.text');
    if (await confirm({ title: t('stop.title', { name }), text, action: t('stop') })) stop.mutate();
  };
  const runs = account.running && state.name !== 'stopped';
  const open = () => setSearch({ channel, account: account.accountId });
  const waiting = Object.entries(account.counts ?? {}).filter(([, count]) => count > 0);
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-3 gap-y-1 px-4 py-3">
      <div className="min-w-0">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
          <button
            type="button"
            onClick={open}
            className="min-w-0 truncate text-left font-medium underline-offset-4 hover:underline"
          >
            {name}
          </button>
          <Status tone={state.tone} live={state.name === 'connected'}>
            {t(`state.${state.name}`)}
          </Status>
          {waiting.map(([kind, count]) => {
            const badge = (
              <Badge key={kind} tone={['dead', 'failed', 'unknown'].includes(kind) ? 'warn' : 'neutral'}>
                {t('waitingCount', { kind: t(`count.${kind}`, { defaultValue: kind }), count })}
              </Badge>
            );
            // Why an answer was given up stands in the activity log.
            return ['failed', 'unknown'].includes(kind) ? (
              <PageLink key={kind} to="/activity" search={{ q: `${channel}:${account.accountId}` }}>
                {badge}
              </PageLink>
            ) : (
              badge
            );
          })}
        </div>
        <p className="mt-1 flex flex-wrap gap-x-3 text-ink-faint text-xs">
          {account.lastSeenAt && (
            <span>
              {t('heard')} <Ago at={account.lastSeenAt} />
            </span>
          )}
          {account.lastInboundAt && (
            <span>
              {t('in')} <Ago at={account.lastInboundAt} />
            </span>
          )}
          {account.lastOutboundAt && (
            <span>
              {t('out')} <Ago at={account.lastOutboundAt} />
            </span>
          )}
          {account.elsewhere && <span>{t('runsElsewhere')}</span>}
        </p>
        {account.lastError && state.name !== 'connected' && (
          <p className="mt-1 break-words text-bad text-sm">{account.lastError}</p>
        )}
      </div>
      <div className="flex items-center gap-0.5">
        {state.name === 'needs_login' && (
          <Button size="small" look="primary" onClick={open}>
            {t('signInDo')}
          </Button>
        )}
        {runs ? (
          <Tooltip text={t('stop')}>
            <Button
              look="quiet"
              size="icon"
              aria-label={t('stopOf', { name })}
              busy={stop.isPending}
              onClick={() => void askToStop()}
            >
              {!stop.isPending && <Square aria-hidden />}
            </Button>
          </Tooltip>
        ) : (
          <Tooltip text={t('start')}>
            <Button
              look="quiet"
              size="icon"
              aria-label={t('startOf', { name })}
              busy={start.isPending}
              disabled={account.configured === false}
              onClick={() => start.mutate()}
            >
              {!start.isPending && <Play aria-hidden />}
            </Button>
          </Tooltip>
        )}
        <Tooltip text={t('settings')}>
          <Button look="quiet" size="icon" aria-label={t('settingsOf', { name })} onClick={open}>
            <Settings2 aria-hidden />
          </Button>
        </Tooltip>
      </div>
    </li>
  );
}
