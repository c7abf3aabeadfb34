import { CalendarClock, ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink, useSearchValues, useSetSearch } from '@/app/links';
import { useCall } from '@/client/control';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { cn } from '@/lib/cn';
import { useFormats } from '@/lib/format';
import { useNow } from '@/lib/use-now';
import type { Job, Times } from './data';
import { dayStarts, ownZone } from './schedule';
import { useScheduleWords, weekday } from './words';

/** More often than this in a week is said in words instead. */
const most = 40;

/** When jobs will run, seven days at a time from today, in the zone of whoever looks. */
export function Calendar() {
  const { t } = useTranslation('cron');
  const formats = useFormats();
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const week = Math.max(0, Math.trunc(Number(search.week ?? 0)) || 0);
  const now = Math.floor(useNow(60_000) / 300_000) * 300_000;
  const starts = dayStarts(now, week * 7, 7);
  const from = starts[0] ?? now;
  const until = (starts[7] ?? now) - 1;
  const jobs = useCall('cron.list', { limit: 200, enabled: 'enabled' });
  const listed = jobs.data?.jobs ?? [];
  const times = useCall(
    'cron.times',
    {
      schedules: listed.map(({ id, schedule }) => ({ id, schedule })),
      afterMs: Math.max(from - 1, now),
      untilMs: until,
      limit: most,
    },
    { enabled: listed.length > 0, keep: true },
  );
  return (
    <Card
      title={t('span', { from: formats.date(from), until: formats.date(until) })}
      aside={
        <>
          <Button
            look="quiet"
            size="small-icon"
            aria-label={t('earlier')}
            disabled={week === 0}
            onClick={() => setSearch({ week: week > 1 ? String(week - 1) : undefined })}
          >
            <ChevronLeft aria-hidden />
          </Button>
          <Button size="small" disabled={week === 0} onClick={() => setSearch({ week: undefined })}>
            {t('today')}
          </Button>
          <Button
            look="quiet"
            size="small-icon"
            aria-label={t('later')}
            onClick={() => setSearch({ week: String(week + 1) })}
          >
            <ChevronRight aria-hidden />
          </Button>
        </>
      }
      bodyClassName="p-0"
    >
      <Loaded query={jobs} skeleton={<Skeleton lines={8} className="p-4" />}>
        {() =>
          listed.length ? (
            <Loaded query={times} skeleton={<Skeleton lines={8} className="p-4" />}>
              {(found) => <Days jobs={listed} times={found.times} starts={starts} />}
            </Loaded>
          ) : (
            <Empty icon={CalendarClock} title={t('nothingPlanned')} />
          )
        }
      </Loaded>
      <p className="border-line border-t px-4 py-2 text-ink-faint text-xs">{t('inZone', { zone: ownZone() })}</p>
    </Card>
  );
}

function Days({ jobs, times, starts }: { jobs: Job[]; times: Times[]; starts: number[] }) {
  const { t, i18n } = useTranslation('cron');
  const formats = useFormats();
  const words = useScheduleWords();
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const often = times.filter((each) => each.more);
  const entries = times
    .filter((each) => !each.more)
    .flatMap((each) => each.atMs.map((at) => ({ at, job: byId.get(each.id ?? '') })))
    .sort((one, other) => one.at - other.at);
  return (
    <>
      <ol className="grid lg:grid-cols-7 lg:divide-x lg:divide-line">
        {starts.slice(0, 7).map((start, place) => {
          const end = starts[place + 1] ?? start;
          const here = entries.filter(({ at }) => at >= start && at < end);
          const today = start <= Date.now() && Date.now() < end;
          return (
            <li key={start} className="min-w-0 border-line px-3 py-2 max-lg:border-b lg:min-h-56">
              <h3 className={cn('mb-1.5 text-sm', today ? 'font-semibold text-accent' : 'font-medium text-ink-soft')}>
                {weekday(new Date(start).getDay(), i18n.language)} {formats.day(start)}
              </h3>
              {here.length ? (
                <ul className="grid gap-1">
                  {here.map(({ at, job }) => (
                    <li key={`${at} ${job?.id}`}>
                      <PageLink
                        to="/cron"
                        search={{ tab: 'calendar', job: job?.id }}
                        className="block rounded-md bg-accent-wash px-2 py-1 text-sm hover:outline hover:outline-accent"
                      >
                        <span className="numbers block text-accent text-xs">{formats.hour(at)}</span>
                        <span className="block break-words text-ink leading-tight">{job?.name}</span>
                      </PageLink>
                    </li>
                  ))}
                </ul>
              ) : (
                <p className="text-ink-faint text-xs">{t('nothing')}</p>
              )}
            </li>
          );
        })}
      </ol>
      {often.length > 0 && (
        <section aria-label={t('often')} className="border-line border-t px-4 py-3">
          <h3 className="mb-1 font-medium text-ink-soft text-sm">{t('often')}</h3>
          <ul className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
            {often.map((each) => {
              const job = byId.get(each.id ?? '');
              return (
                job && (
                  <li key={job.id} className="min-w-0">
                    <PageLink
                      to="/cron"
                      search={{ tab: 'calendar', job: job.id }}
                      className="text-accent hover:underline"
                    >
                      {job.name}
                    </PageLink>{' '}
                    <span className="text-ink-faint">{words(job.schedule, job.state.nextRunAtMs)}</span>
                  </li>
                )
              );
            })}
          </ul>
        </section>
      )}
    </>
  );
}
