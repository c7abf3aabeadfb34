import { Play, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { control, useCall } from '@/client/control';
import { Facts } from '@/components/facts';
import { Loaded } from '@/components/states';
import { Ago, Moment } from '@/components/time';
import { Status } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { Tabs } from '@/components/ui/tabs';
import { useAction } from '@/lib/use-action';
import { cronKeys, type Job, useMayChange } from './data';
import { JobForm } from './job-form';
import { Runs, toneOf } from './runs';
import { useRunNow } from './use-run-now';
import { useAgentName, useScheduleWords } from './words';

/** A new job. */
export function NewJob({ close }: { close(): void }) {
  const { t } = useTranslation('cron');
  const setSearch = useSetSearch();
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={t('new')} shape="drawer-right">
      <JobForm done={(job) => setSearch({ job: job.id })} />
    </Dialog>
  );
}

/** One job: when it runs, what it did, and its fields. */
export function JobDrawer({ id, close }: { id: string; close(): void }) {
  const { t } = useTranslation('cron');
  const query = useCall('cron.get', { id });
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={query.data?.name ?? t('job')}
      description={query.data?.description || undefined}
      shape="drawer-right"
    >
      <Loaded query={query}>{(job) => <Content job={job} close={close} />}</Loaded>
    </Dialog>
  );
}

function Content({ job, close }: { job: Job; close(): void }) {
  const { t } = useTranslation('cron');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const mayChange = useMayChange();
  const words = useScheduleWords();
  const [count, setCount] = useState(50);
  const run = useRunNow(job);
  const toggle = useAction(() => control.call('cron.update', { id: job.id, patch: { enabled: !job.enabled } }), {
    refresh: cronKeys,
  });
  const remove = useAction(() => control.call('cron.remove', { id: job.id }), {
    refresh: cronKeys,
    done: () => t('deleted', { name: job.name }),
    onDone: close,
  });
  const ask = async () => {
    const sure = await confirm({
      title: t('delete.title', { name: job.name }),
      text: t('delete.text'),
      action: t('delete.do'),
    });
    if (sure) remove.mutate();
  };
  const agentName = useAgentName();
  const { state } = job;
  const running = state.runningAtMs !== undefined;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-6">
      {mayChange && (
        <div className="flex flex-wrap gap-2">
          <Button size="small" look="primary" busy={run.isPending || running} onClick={() => run.mutate()}>
            <Play aria-hidden />
            {t('runNow')}
          </Button>
          <Button size="small" busy={toggle.isPending} onClick={() => toggle.mutate()}>
            {t(job.enabled ? 'disable' : 'enable')}
          </Button>
          <Button size="small" busy={remove.isPending} onClick={() => void ask()}>
            <Trash2 aria-hidden />
            {t('delete')}
          </Button>
        </div>
      )}
      <Facts
        facts={[
          [t('when'), words(job.schedule, job.state.nextRunAtMs)],
          [t('next'), job.enabled ? <Moment key="next" at={state.nextRunAtMs} /> : t('disabled')],
          [t('agent'), job.agentId && agentName(job.agentId)],
          [
            t('last'),
            state.lastRunAtMs && (
              <span key="last" className="flex flex-wrap gap-x-3">
                <Ago at={state.lastRunAtMs} />
                {state.lastStatus && (
                  <Status tone={toneOf(state.lastStatus)}>
                    {t(`status.${state.lastStatus}`, { defaultValue: state.lastStatus })}
                  </Status>
                )}
              </span>
            ),
          ],
          [t('lastError'), state.lastError],
          [t('lastDeliveryError'), state.lastDeliveryError],
        ]}
      />
      <Tabs
        value={search.part === 'edit' && mayChange ? 'edit' : 'runs'}
        onChange={(part) => setSearch({ part: part === 'runs' ? undefined : part })}
        tabs={[
          {
            id: 'runs',
            label: t('runs'),
            content: (
              <div className="rounded-lg border border-line">
                <Runs job={job.id} count={count} more={setCount} />
              </div>
            ),
          },
          ...(mayChange
            ? [{ id: 'edit', label: t('edit'), content: <JobForm key={job.id} job={job} done={() => undefined} /> }]
            : []),
        ]}
      />
    </div>
  );
}
