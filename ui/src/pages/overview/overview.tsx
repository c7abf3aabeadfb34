import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callKey, useCall, useConnection, useRefreshOn } from '@/client/control';
import { ApiError } from '@/client/errors';
import { useFriendRequests } from '@/client/friend-requests';
import { PageBody } from '@/components/page-body';
import { Failed } from '@/components/states';
import { Status, type Tone } from '@/components/ui/badge';
import { useFormats } from '@/lib/format';
import { useNow } from '@/lib/use-now';
import { Attention } from './attention';
import { concernsOf } from './concerns';
import { useAccounts, useServiceStatus } from './data';
import { AccountsCard, Activity, ChannelsCard, SessionsCard } from './panels';
import { Figures, Traffic } from './traffic';

export { prefetch } from './data';

const levels: Record<string, Tone> = { ok: 'good', degraded: 'warn', down: 'bad' };

export default function Overview() {
  const { t } = useTranslation('overview');
  const health = useCall('health', {}, { refetchInterval: 30_000 });
  const models = useCall('models.list', {}, { staleTime: 60_000 });
  const channels = useCall('channels.status', {}, { refetchInterval: 15_000 });
  const approvals = useCall('exec.approval.list', {}, { refetchInterval: 30_000 });
  const pairing = useCall('channels.pairing.list', {}, { refetchInterval: 30_000 });
  const update = useCall('update.status', {}, { staleTime: 3_600_000 });
  const accounts = useAccounts();
  const service = useServiceStatus();
  const friends = useFriendRequests();
  // Whoever asks for the health is told of it by the event as well: to ask again for that would never end.
  useRefreshOn(
    ['health', 'exec.approval.requested', 'exec.approval.resolved', 'chat'],
    [callKey('exec.approval.list'), callKey('sessions.list'), ['rest', 'logs', 'recent'], ['rest', 'statistics']],
  );
  const concerns = concernsOf({
    health: health.data,
    models: models.data?.models,
    service: service.data,
    channels: channels.data,
    accounts: accounts.data?.accounts,
    approvals: approvals.data,
    pairing: pairing.data?.requests,
    friends: friends.data?.requests,
    update: update.data?.updateAvailable?.latestVersion,
  });
  // Channels and accounts say themselves that they could not be had; what this credential may not see is nothing to mend.
  const broken = [health, models, approvals, pairing, friends, service].filter(
    ({ error }) => error && !(error instanceof ApiError && error.forbidden),
  );
  return (
    <PageBody>
      <Strip
        level={health.data?.health?.level ?? (health.isError ? 'none' : 'unknown')}
        running={service.data?.running}
      />
      {broken[0] && (
        <Failed
          error={broken[0].error}
          text={t('attention.failed')}
          retry={() => {
            for (const query of broken) void query.refetch();
          }}
        />
      )}
      <Attention concerns={concerns} complete={health.isSuccess && channels.isSuccess && models.isSuccess} />
      <Figures />
      <div className="grid gap-4 xl:grid-cols-3">
        <Traffic className="xl:col-span-2" />
        <ChannelsCard query={channels} />
      </div>
      <div className="grid gap-4 xl:grid-cols-3">
        <Activity className="xl:col-span-2" />
        <div className="grid min-w-0 content-start gap-4">
          <AccountsCard query={accounts} />
          <SessionsCard />
        </div>
      </div>
    </PageBody>
  );
}

/** How it is, in one line. */
function Strip({ level, running }: { level: string; running?: boolean }) {
  const { t } = useTranslation('overview');
  const formats = useFormats();
  const { welcome } = useConnection();
  const now = useNow();
  const [seen] = useState(() => Date.now());
  const uptime = welcome ? welcome.snapshot.uptimeMs : undefined;
  const tone = levels[level] ?? 'neutral';
  return (
    <div className="flex flex-wrap items-center gap-x-5 gap-y-1">
      <Status tone={tone} className="font-medium text-ink">
        {t(`level.${level}`)}
      </Status>
      {running !== undefined && (
        <Status tone={running ? 'good' : 'bad'}>{running ? t('serving') : t('notServing')}</Status>
      )}
      {uptime !== undefined && (
        <span className="numbers text-ink-soft text-sm">
          {t('uptime', { time: formats.duration(uptime + Math.max(0, now - seen)) })}
        </span>
      )}
    </div>
  );
}
