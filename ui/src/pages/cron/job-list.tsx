import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CalendarClock, Play, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink, useSearchValues, useSetSearch } from '@/app/links';
import { callKey, control, useCall } from '@/client/control';
import { wordsOf } from '@/client/words';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Ago } from '@/components/time';
import { Status } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Select } from '@/components/ui/input';
import { SearchField } from '@/components/ui/search-field';
import { Switch } from '@/components/ui/switch';
import { toast } from '@/components/ui/toasts';
import { cronKeys, type Job, useMayChange } from './data';
import { toneOf } from './runs';
import { useRunNow } from './use-run-now';
import { useAgentName, useScheduleWords } from './words';

const most = 200;

/** The jobs, the next to run first. */
export function JobList() {
  const { t } = useTranslation('cron');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const mayChange = useMayChange();
  const enabled = search.state === 'enabled' || search.state === 'disabled' ? search.state : 'all';
  const query = useCall(
    'cron.list',
    { limit: most, enabled, ...(search.q ? { query: search.q } : {}) },
    { keep: true, refetchInterval: 60_000 },
  );
  const narrowed = Boolean(search.q) || enabled !== 'all';
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <SearchField label={t('find')} className="w-full sm:w-72" value={search.q} onValue={(q) => setSearch({ q })} />
        <Select
          aria-label={t('which')}
          className="w-auto"
          value={enabled}
          onChange={(event) => setSearch({ state: event.target.value === 'all' ? undefined : event.target.value })}
        >
          <option value="all">{t('which.all')}</option>
          <option value="enabled">{t('which.enabled')}</option>
          <option value="disabled">{t('which.disabled')}</option>
        </Select>
        <span className="text-ink-faint text-sm">
          {query.data &&
            (query.data.total > most
              ? t('firstOf', { count: most, total: query.data.total })
              : t('count', { count: query.data.total }))}
        </span>
      </div>
      <Card bodyClassName="p-0">
        <Loaded query={query} skeleton={<Skeleton lines={6} className="p-4" />}>
          {({ jobs }) =>
            jobs.length ? (
              <ul aria-label={t('jobs')} className="divide-y divide-line">
                {jobs.map((job) => (
                  <JobRow key={job.id} job={job} mayChange={mayChange} />
                ))}
              </ul>
            ) : narrowed ? (
              <Empty title={t('nothingFound')} />
            ) : (
              <Empty
                icon={CalendarClock}
                title={t('none.title')}
                text={t('none.text')}
                action={
                  mayChange && (
                    <Button look="primary" onClick={() => setSearch({ job: '+' })}>
                      <Plus aria-hidden />
                      {t('new')}
                    </Button>
                  )
                }
              />
            )
          }
        </Loaded>
      </Card>
    </div>
  );
}

function JobRow({ job, mayChange }: { job: Job; mayChange: boolean }) {
  const { t } = useTranslation('cron');
  const words = useScheduleWords();
  const agentName = useAgentName();
  const run = useRunNow(job);
  const toggle = useToggle(job);
  const { state } = job;
  const running = state.runningAtMs !== undefined;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:flex-nowrap">
      <Switch
        checked={job.enabled}
        disabled={!mayChange}
        aria-label={t('switch', { name: job.name })}
        onCheckedChange={(on) => toggle.mutate(on)}
      />
      <div className="min-w-0 flex-1 basis-48">
        <PageLink to="/cron" search={{ job: job.id }} className="block truncate font-medium text-ink hover:underline">
          {job.name}
        </PageLink>
        <p className="truncate text-ink-soft text-sm">
          {words(job.schedule, job.state.nextRunAtMs)}
          {job.agentId && ` · ${agentName(job.agentId)}`}
        </p>
        {state.lastStatus === 'error' && state.lastError && (
          <p className="truncate text-bad text-sm">{state.lastError}</p>
        )}
      </div>
      <div className="grid w-full gap-0.5 text-sm max-sm:order-1 max-sm:pl-13 sm:w-48">
        <span className="text-ink-soft">
          {job.enabled && state.nextRunAtMs ? (
            <>
              {t('nextRun')} <Ago at={state.nextRunAtMs} />
            </>
          ) : (
            t(job.enabled ? 'noNext' : 'disabled')
          )}
        </span>
        {running ? (
          <Status tone="accent" live>
            {t('status.running')}
          </Status>
        ) : (
          state.lastStatus && (
            <Status tone={toneOf(state.lastStatus)}>
              {t(`status.${state.lastStatus}`, { defaultValue: state.lastStatus })} <Ago at={state.lastRunAtMs} />
            </Status>
          )
        )}
      </div>
      {mayChange && (
        <Button
          look="quiet"
          size="small-icon"
          busy={run.isPending || running}
          aria-label={t('runNamed', { name: job.name })}
          title={t('runNow')}
          onClick={() => run.mutate()}
        >
          {!(run.isPending || running) && <Play aria-hidden />}
        </Button>
      )}
    </li>
  );
}

/** Turns a job on or off; the switch shows it at once, and goes back where the gateway refuses. */
function useToggle(job: Job) {
  const { t } = useTranslation('cron');
  const queries = useQueryClient();
  const show = (enabled: boolean) =>
    queries.setQueriesData<{ jobs: Job[]; total: number }>(
      { queryKey: callKey('cron.list') },
      (found) =>
        found && { ...found, jobs: found.jobs.map((each) => (each.id === job.id ? { ...each, enabled } : each)) },
    );
  return useMutation({
    mutationFn: (enabled: boolean) => control.call('cron.update', { id: job.id, patch: { enabled } }),
    onMutate: async (enabled) => {
      // A list that is on its way was read before, and would show the switch as it was.
      await queries.cancelQueries({ queryKey: callKey('cron.list') });
      show(enabled);
    },
    onError: (fault, wanted) => {
      show(!wanted); // not job.enabled: this function is that of the newest rendering, where the job is changed already
      toast.bad(wordsOf(fault, t));
    },
    onSettled: () => {
      for (const queryKey of cronKeys) void queries.invalidateQueries({ queryKey });
    },
  });
}
