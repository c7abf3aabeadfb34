import { Play, RotateCw, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useConnection } from '@/client/control';
import { rest } from '@/client/rest';
import { usePermission, useSession } from '@/client/session';
import { Facts } from '@/components/facts';
import { Failed, Loaded } from '@/components/states';
import { Badge, Status } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { useAction } from '@/lib/use-action';
import { type GatewayState, keys, useGateway } from './api';

type Action = 'start' | 'stop' | 'restart';

/** Whether it runs, and the three buttons. The panels answer while it is stopped. */
export function GatewayCard() {
  const { t } = useTranslation('system');
  const query = useGateway();
  const may = usePermission('system.manage');
  const session = useSession();
  const welcome = useConnection().welcome;
  const order = useAction((action: Action) => rest.post(`/v1/gateway/${action}`, { timeoutMs: 120_000 }), {
    done: (_, action) => t(`asked.${action}`),
    refresh: [keys.gateway],
  });
  const ask = async (action: 'stop' | 'restart') => {
    const yes = await confirm({ title: t(`${action}.title`), text: t(`${action}.text`), action: t(`${action}.do`) });
    if (yes) order.mutate(action);
  };
  return (
    <Card title={t('gateway')}>
      <Loaded query={query}>
        {(state) => (
          <div className="grid gap-4">
            <Facts
              facts={[
                [t('state'), <State key="state" state={state} />],
                [t('version'), session?.version],
                [t('folder'), welcome?.snapshot.stateDir],
                [t('file'), welcome?.snapshot.configPath],
              ]}
            />
            {state.status === 'failed' && state.error && <Failed error={new Error(state.error)} />}
            {may && (
              <div className="flex flex-wrap gap-2">
                {state.gateway === 'stopped' ? (
                  <Button look="primary" busy={order.isPending || isBusy(state)} onClick={() => order.mutate('start')}>
                    <Play aria-hidden />
                    {t('start.do')}
                  </Button>
                ) : (
                  <>
                    <Button busy={order.isPending || isBusy(state)} onClick={() => void ask('restart')}>
                      <RotateCw aria-hidden />
                      {t('restart.do')}
                    </Button>
                    <Button disabled={order.isPending || isBusy(state)} onClick={() => void ask('stop')}>
                      <Square aria-hidden />
                      {t('stop.do')}
                    </Button>
                  </>
                )}
              </div>
            )}
          </div>
        )}
      </Loaded>
    </Card>
  );
}

const isBusy = (state: GatewayState): boolean => state.status === 'running';

function State({ state }: { state: GatewayState }) {
  const { t, i18n } = useTranslation('system');
  const known = i18n.exists(`gateway.${state.gateway}`, { ns: 'system' });
  const tone = state.gateway === 'running' ? 'good' : state.gateway === 'stopped' ? 'neutral' : 'warn';
  return (
    <span role="status" className="flex flex-wrap items-center gap-2">
      <Status tone={tone} live={isBusy(state)} className="text-ink">
        {known ? t(`gateway.${state.gateway}`) : state.gateway}
      </Status>
      {isBusy(state) && state.phase && <Badge>{state.phase}</Badge>}
    </span>
  );
}
