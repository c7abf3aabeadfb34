import { BellRing } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { ApiError } from '@/client/errors';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { Empty, Loaded } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { useAction } from '@/lib/use-action';
import { keys, type Target, useTargets } from './api';

/** Who is told of what happens to the gateway, and whether that arrives. */
export function NotificationsCard() {
  const { t } = useTranslation('system');
  const query = useTargets();
  const setUp = (
    <Button asChild size="small">
      <PageLink to="/configuration" search={{ at: 'notifications' }}>
        {t('setUp')}
      </PageLink>
    </Button>
  );
  return (
    <Card title={t('notifications')} aside={query.data?.length ? setUp : undefined}>
      <Loaded query={query}>
        {(targets) =>
          targets.length ? (
            <ul className="grid gap-3">
              {targets.map((target) => (
                <TargetRow key={target.name} target={target} />
              ))}
            </ul>
          ) : (
            <Empty icon={BellRing} title={t('noTargets')} text={t('noTargetsText')} action={setUp} />
          )
        }
      </Loaded>
    </Card>
  );
}

function TargetRow({ target }: { target: Target }) {
  const { t } = useTranslation('system');
  const may = usePermission('system.manage');
  const test = useAction(
    async () => {
      const answer = await rest.post<{ ok: boolean; error: string }>('/api/notifications/targets/{name}/test', {
        path: { name: target.name },
        timeoutMs: 60_000,
      });
      if (!answer.ok) throw new ApiError(answer.error, 502);
    },
    { done: () => t('testArrived', { name: target.name }), refresh: [keys.targets] },
  );
  return (
    <li className="flex items-start gap-3 text-sm">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{target.name}</span>
          <Badge>{target.kind}</Badge>
          {!target.enabled && <Badge tone="warn">{t('disabled')}</Badge>}
          {target.waiting > 0 && <Badge tone="accent">{t('waiting', { count: target.waiting })}</Badge>}
        </p>
        <p className="break-all text-ink-soft text-xs">{target.to}</p>
        {target.problem && <p className="text-bad text-xs">{target.problem}</p>}
        {target.last && (
          <p className="text-ink-faint text-xs">
            {t('lastTold', { subject: target.last.subject })} <Ago at={target.last.at * 1000} />
            {target.last.error && <span className="text-bad"> {target.last.error}</span>}
          </p>
        )}
      </div>
      {may && (
        <Button
          size="small"
          busy={test.isPending}
          aria-label={t('testOf', { name: target.name })}
          onClick={() => test.mutate()}
        >
          {t('test')}
        </Button>
      )}
    </li>
  );
}
