import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { rest } from '@/client/rest';
import { usePermission, useSession } from '@/client/session';
import { CopyBlock } from '@/components/copy-button';
import { Facts } from '@/components/facts';
import { PageBody } from '@/components/page-body';
import { Failed, Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { useFormats } from '@/lib/format';
import { patiently } from '@/lib/parts';
import { useAction } from '@/lib/use-action';
import { useEnvironment } from './api';
import { GatewayCard } from './gateway-card';
import { NotificationsCard } from './notifications-card';
import { TunnelCard } from './tunnel-card';
import { UpdateCard } from './update-card';

const Libraries = lazy(() => patiently(() => import('./libraries')));
const MIB = 1024 * 1024;
/** How the route says that a program is not there. */
const MISSING = 'not installed';

export default function SystemPage() {
  return (
    <PageBody>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="grid gap-4">
          <GatewayCard />
          <TunnelCard />
          <EnvironmentCard />
        </div>
        <div className="grid gap-4">
          <UpdateCard />
          <NotificationsCard />
          <TokenCard />
          <AboutCard />
        </div>
      </div>
    </PageBody>
  );
}

function EnvironmentCard() {
  const { t } = useTranslation('system');
  const formats = useFormats();
  const query = useEnvironment();
  return (
    <Card title={t('environment')}>
      <Loaded query={query}>
        {({ os, software }) => (
          <Facts
            facts={[
              [t('host'), os.hostname],
              [t('os'), [os.distro || os.platform, os.release, os.arch].filter(Boolean).join(' · ')],
              [t('processor'), os.cpuModel ? `${os.cpus} × ${os.cpuModel}` : String(os.cpus)],
              [t('load'), os.loadAvg],
              [
                t('memory'),
                t('freeOf', { free: formats.bytes(os.freeMemMB * MIB), total: formats.bytes(os.totalMemMB * MIB) }),
              ],
              [t('machineUp'), formats.duration(os.uptime * 1000)],
              [t('user'), os.userInfo],
              ...Object.entries(software)
                .filter(([name]) => name !== 'openclaw')
                .map(([name, version]) => [name, version === MISSING ? t('missing') : version] as const),
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

function TokenCard() {
  const { t } = useTranslation('system');
  const may = usePermission('system.read');
  const show = useAction(() => rest.get<{ token: string }>('/api/system/admin-token'), { silent: true });
  if (!may) return null;
  return (
    <Card title={t('token')}>
      <div className="grid gap-3">
        <p className="text-ink-soft text-sm">{t('tokenText')}</p>
        {show.isError && <Failed error={show.error} />}
        {show.data ? (
          show.data.token ? (
            <CopyBlock text={show.data.token} label={t('copyToken')} />
          ) : (
            <p className="text-sm">{t('tokenNotYours')}</p>
          )
        ) : null}
        <div>
          {show.data ? (
            <Button size="small" onClick={() => show.reset()}>
              {t('hideToken')}
            </Button>
          ) : (
            <Button size="small" busy={show.isPending} onClick={() => show.mutate()}>
              {t('showToken')}
            </Button>
          )}
        </div>
      </div>
    </Card>
  );
}

function AboutCard() {
  const { t } = useTranslation('system');
  const [open, setOpen] = useState(false);
  const version = useSession()?.version;
  return (
    <Card title={t('about')}>
      <div className="grid gap-3 text-sm">
        <p>{t('aboutText')}</p>
        {version && <Facts facts={[[t('version'), version]]} />}
        <p className="text-ink-soft">{t('licence')}</p>
        <div>
          <Button size="small" onClick={() => setOpen(true)}>
            {t('libraries')}
          </Button>
        </div>
        {open && (
          <Suspense fallback={null}>
            <Libraries close={() => setOpen(false)} />
          </Suspense>
        )}
      </div>
    </Card>
  );
}
