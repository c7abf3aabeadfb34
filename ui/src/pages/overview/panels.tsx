import type { UseQueryResult } from '@tanstack/react-query';
import { Inbox, KeyRound, MessagesSquare, Radio } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { pages } from '@/app/pages';
import { useCall } from '@/client/control';
import type { ChannelAccountStatus, ChannelsStatus } from '@/client/control-types';
import { sessionName } from '@/client/session-names';
import { Meter } from '@/components/bars';
import { Empty, Loaded } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge, Status, type Tone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { useFormats } from '@/lib/format';
import { type Account, type LoggedRequest, useRecentRequests } from './data';

/** A link to a page, where that page is there. */
function More({ to }: { to: string }) {
  const { t } = useTranslation('overview');
  if (!pages.some((page) => page.routes[0].path === to)) return null;
  return (
    <Button asChild look="link" size="small">
      <PageLink to={to}>{t('all')}</PageLink>
    </Button>
  );
}

function toneOf(account: ChannelAccountStatus): Tone {
  if (account.connected) return 'good';
  if (!account.enabled || !account.configured) return 'neutral';
  return account.running ? 'bad' : 'warn';
}

export function ChannelsCard({ query }: { query: UseQueryResult<ChannelsStatus, Error> }) {
  const { t } = useTranslation('overview');
  return (
    <Card title={t('channels')} aside={<More to="/channels" />}>
      <Loaded query={query}>
        {({ channelOrder, channelLabels, channelAccounts }) =>
          channelOrder.length ? (
            <ul className="grid gap-2">
              {channelOrder.flatMap((channel) =>
                (channelAccounts[channel] ?? []).map((account) => {
                  const tone = toneOf(account);
                  return (
                    <li key={`${channel} ${account.accountId}`} className="flex items-center gap-3 text-sm">
                      <Status tone={tone} className="flex-1 text-ink">
                        {channelLabels[channel] ?? channel}
                        {(account.name || account.accountId !== 'default') && (
                          <span className="text-ink-faint"> · {account.name || account.accountId}</span>
                        )}
                      </Status>
                      <span className="text-ink-faint text-xs">
                        {tone === 'good' ? <Ago at={account.lastInboundAt} /> : t(`channel.${tone}`)}
                      </span>
                    </li>
                  );
                }),
              )}
            </ul>
          ) : (
            <Empty icon={Radio} title={t('noChannels')} text={t('noChannelsText')} />
          )
        }
      </Loaded>
    </Card>
  );
}

/** What is left of an account: of its models, the one with the least. */
function leastLeft(account: Account): number | undefined {
  const left = account.quota?.models.map((model) => model.percentage) ?? [];
  return left.length ? Math.min(...left) : undefined;
}

export function AccountsCard({ query }: { query: UseQueryResult<{ accounts: Account[] }, Error> }) {
  const { t } = useTranslation('overview');
  const formats = useFormats();
  return (
    <Card title={t('accounts')} aside={<More to="/accounts" />}>
      <Loaded query={query}>
        {({ accounts }) =>
          accounts.length ? (
            <ul className="grid gap-3">
              {accounts.slice(0, 8).map((account) => {
                const left = leastLeft(account);
                const off = account.disabled || account.proxy_disabled;
                return (
                  <li key={account.id} className="grid gap-1 text-sm">
                    <div className="flex items-center gap-2">
                      <span className="min-w-0 flex-1 truncate">{account.name ?? account.email}</span>
                      {off && <Badge tone={account.disabled ? 'bad' : 'warn'}>{t('accountOff')}</Badge>}
                      {account.rate_limits.length > 0 && <Badge tone="warn">{t('accountRests')}</Badge>}
                      <span className="text-ink-faint text-xs">{account.provider}</span>
                    </div>
                    {left !== undefined && (
                      <div className="flex items-center gap-2">
                        <div className="flex-1">
                          <Meter
                            share={left / 100}
                            label={t('left')}
                            tone={left > 30 ? 'good' : left > 10 ? 'warn' : 'bad'}
                          />
                        </div>
                        <span className="numbers w-10 text-right text-ink-soft text-xs">
                          {formats.percent(left / 100)}
                        </span>
                      </div>
                    )}
                  </li>
                );
              })}
            </ul>
          ) : (
            <Empty icon={KeyRound} title={t('noAccounts')} text={t('noAccountsText')} />
          )
        }
      </Loaded>
    </Card>
  );
}

export function SessionsCard() {
  const { t } = useTranslation('overview');
  const sessions = useCall('sessions.list', { limit: 6, includeDerivedTitles: true });
  return (
    <Card title={t('sessions')} aside={<More to="/chat" />}>
      <Loaded query={sessions}>
        {({ sessions: rows }) =>
          rows.length ? (
            <ul className="-my-1 grid">
              {rows.map((row) => (
                <li key={row.key}>
                  <PageLink
                    to="/chat"
                    search={{ session: row.key }}
                    className="flex items-center gap-3 rounded-md py-1 text-sm hover:text-accent"
                  >
                    <span className="min-w-0 flex-1 truncate">{sessionName(row)}</span>
                    <Ago at={row.updatedAt} className="text-ink-faint text-xs" />
                  </PageLink>
                </li>
              ))}
            </ul>
          ) : (
            <Empty icon={MessagesSquare} title={t('noSessions')} />
          )
        }
      </Loaded>
    </Card>
  );
}

export function Activity({ className }: { className?: string }) {
  const { t } = useTranslation('overview');
  const requests = useRecentRequests();
  if (!requests.data && !requests.isLoading && !requests.isError) return null;
  return (
    <Card title={t('activity')} aside={<More to="/requests" />} className={className} bodyClassName="p-0">
      <Loaded query={requests}>
        {(rows) =>
          rows.length ? (
            <ul className="divide-y divide-line">
              {rows.map((row) => (
                <Request key={row.id} row={row} />
              ))}
            </ul>
          ) : (
            <Empty icon={Inbox} title={t('noRequests')} text={t('noRequestsText')} />
          )
        }
      </Loaded>
    </Card>
  );
}

function Request({ row }: { row: LoggedRequest }) {
  const { t } = useTranslation('overview');
  const formats = useFormats();
  const failed = row.status >= 400 || row.outcome === 'failed';
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-1.5 text-sm">
      <Badge tone={failed ? 'bad' : 'good'} className="numbers">
        {row.status}
      </Badge>
      <span className="min-w-0 flex-1 basis-32 truncate font-medium">{row.model ?? row.url}</span>
      <span className="numbers hidden text-ink-soft text-xs sm:inline">
        {t('inOut', { input: formats.compact(row.input_tokens ?? 0), output: formats.compact(row.output_tokens ?? 0) })}
      </span>
      <span className="numbers hidden w-16 text-right text-ink-soft text-xs md:inline">
        {formats.duration(row.total_duration ?? 0)}
      </span>
      <span className="numbers hidden w-16 text-right text-ink-soft text-xs md:inline">{formats.money(row.cost)}</span>
      <Ago at={row.timestamp} className="w-24 text-right text-ink-faint text-xs" />
      {failed && row.error && (
        <p className="w-full truncate text-bad text-xs" title={row.error}>
          {row.error}
        </p>
      )}
    </li>
  );
}
