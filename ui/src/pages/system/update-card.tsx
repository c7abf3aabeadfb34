import { Download, RefreshCw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/client/errors';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { Facts } from '@/components/facts';
import { Loaded } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge, type Tone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { useAction } from '@/lib/use-action';
import { keys, type UpdateStatus, useUpdateStatus, useVersion } from './api';

/** Which version runs, whether there is a newer one, and how the last update went. */
export function UpdateCard() {
  const { t } = useTranslation('system');
  const version = useVersion();
  const status = useUpdateStatus();
  const may = usePermission('system.manage');
  const check = useAction(
    () =>
      rest.post<{ updateAvailable: boolean; latestVersion: string }>('/api/system/check-update', { timeoutMs: 60_000 }),
    {
      done: (found) => (found.updateAvailable ? t('newer', { version: found.latestVersion }) : t('newest')),
      refresh: [keys.version],
    },
  );
  const run = useAction(
    async () => {
      const answer = await rest.post<{ ok: boolean; error?: string; message?: string }>('/api/system/do-update');
      // What cannot be done now is told with a status of 200.
      if (!answer.ok) throw new ApiError(answer.error ?? '', 409);
      return answer;
    },
    { done: (answer) => answer.message, refresh: [keys.update] },
  );
  const ask = async (to: string) => {
    const yes = await confirm({
      title: t('update.title', { version: to }),
      text: t('update.text'),
      action: t('update.do'),
      tone: 'primary',
    });
    if (yes) run.mutate();
  };
  const running = status.data?.status === 'running';
  return (
    <Card title={t('updates')}>
      <Loaded query={version}>
        {(found) => (
          <div className="grid gap-4">
            <Facts
              facts={[
                [t('installed'), found.currentVersion],
                [
                  t('newestVersion'),
                  found.lastCheckedAt ? (
                    <span key="newest" className="flex flex-wrap items-center gap-2">
                      {found.latestVersion || found.currentVersion}
                      {found.updateAvailable ? (
                        <Badge tone="accent">{t('available')}</Badge>
                      ) : (
                        <Badge tone="good">{t('upToDate')}</Badge>
                      )}
                    </span>
                  ) : (
                    t('neverLooked')
                  ),
                ],
                [t('lastLooked'), found.lastCheckedAt && <Ago key="looked" at={Date.parse(found.lastCheckedAt)} />],
              ]}
            />
            {may && (
              <div className="flex flex-wrap gap-2">
                <Button busy={check.isPending} onClick={() => check.mutate()}>
                  {!check.isPending && <RefreshCw aria-hidden />}
                  {t('check')}
                </Button>
                {found.updateAvailable && (
                  <Button
                    look="primary"
                    busy={run.isPending || running}
                    onClick={() => void ask(found.latestVersion ?? '')}
                  >
                    <Download aria-hidden />
                    {t('update.do')}
                  </Button>
                )}
              </div>
            )}
            {status.data && status.data.status !== 'idle' && <Last status={status.data} />}
            <p className="text-ink-faint text-xs">{t('updatesText')}</p>
          </div>
        )}
      </Loaded>
    </Card>
  );
}

const tones: Record<string, Tone> = { running: 'accent', success: 'good', failed: 'bad' };

function Last({ status }: { status: UpdateStatus }) {
  const { t, i18n } = useTranslation('system');
  const known = i18n.exists(`updated.${status.status}`, { ns: 'system' });
  return (
    <section aria-label={t('lastUpdate')} className="grid gap-1 rounded-md border border-line bg-sunken p-3 text-xs">
      <p className="flex items-center gap-2 text-sm">
        {t('lastUpdate')}
        <Badge tone={tones[status.status] ?? 'warn'}>{known ? t(`updated.${status.status}`) : status.status}</Badge>
        {status.startedAt && <Ago at={Date.parse(status.startedAt)} className="text-ink-faint" />}
      </p>
      {status.log.map((line, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a log grows at its end
        <p key={place} className="break-words text-ink-soft">
          {line}
        </p>
      ))}
    </section>
  );
}
