import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Bars } from '@/components/bars';
import { Loaded, Skeleton } from '@/components/states';
import { Card } from '@/components/ui/card';
import { useFormats } from '@/lib/format';
import { useNow } from '@/lib/use-now';
import { type Totals, useHours, useSummary, wholeDay } from './data';

/** Today's numbers. */
export function Figures() {
  const { t } = useTranslation('overview');
  const summary = useSummary();
  const formats = useFormats();
  if (!summary.data && !summary.isLoading) return null;
  const today = summary.data?.today;
  const week = summary.data?.this_week;
  const failed = today && all(today) ? today.failed_requests / all(today) : 0;
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line lg:grid-cols-4">
      <Figure
        name={t('requests')}
        value={today && formats.number(all(today))}
        note={week && t('week', { value: formats.number(all(week)) })}
      />
      <Figure
        name={t('failures')}
        value={today && formats.number(today.failed_requests)}
        note={today && t('share', { value: formats.percent(failed) })}
        bad={failed > 0.05}
      />
      <Figure
        name={t('tokens')}
        value={today && formats.compact(today.total_tokens)}
        note={
          today &&
          t('inOut', {
            input: formats.compact(today.total_input_tokens),
            output: formats.compact(today.total_output_tokens),
          })
        }
      />
      <Figure
        name={t('spend')}
        value={today && formats.money(today.total_cost)}
        note={
          week &&
          spendNote(
            t('week', { value: formats.money(week.total_cost) }),
            today,
            t('unpriced', { count: today?.unpriced_requests ?? 0 }),
          )
        }
      />
    </dl>
  );
}

/** The gateway counts what failed apart from the rest. */
const all = (totals: Totals): number => totals.total_requests + totals.failed_requests;

/** A sum without the requests whose price is unknown says so. */
function spendNote(week: string, today: Totals | undefined, unpriced: string): string {
  return today?.unpriced_requests ? `${week} · ${unpriced}` : week;
}

function Figure({ name, value, note, bad }: { name: string; value?: string; note?: ReactNode; bad?: boolean }) {
  return (
    <div className="min-w-0 bg-surface px-4 py-3">
      <dt className="truncate text-ink-soft text-xs">{name}</dt>
      <dd className={`numbers mt-0.5 truncate font-semibold text-2xl ${bad ? 'text-bad' : 'text-ink'}`}>
        {value ?? <Skeleton lines={1} className="w-20" />}
      </dd>
      <dd className="numbers truncate text-ink-faint text-xs">{note ?? '\u00a0'}</dd>
    </div>
  );
}

export function Traffic({ className }: { className?: string }) {
  const { t } = useTranslation('overview');
  const hours = useHours();
  const formats = useFormats();
  const now = useNow(60_000);
  if (!hours.data && !hours.isLoading && !hours.isError) return null;
  return (
    <Card
      title={t('traffic')}
      aside={<span className="text-ink-faint text-xs">{t('perHour')}</span>}
      className={className}
    >
      <Loaded query={hours} skeleton={<Skeleton lines={5} />}>
        {(data) => {
          const day = wholeDay(data, now);
          const clock = (start: number) => formats.time(start * 1000).replace(/:00(?=\D|$)/, '');
          const bars = day.map((hour) => ({
            key: String(hour.start),
            value: hour.requests,
            bad: hour.failed,
            label: t('hour', {
              time: clock(hour.start),
              requests: formats.number(hour.requests),
              failed: formats.number(hour.failed),
            }),
          }));
          return (
            <>
              <Bars bars={bars} label={t('traffic')} />
              <div aria-hidden className="numbers mt-1.5 flex justify-between text-ink-faint text-xs">
                <span>{clock(day[0]?.start ?? 0)}</span>
                <span>{clock(day[12]?.start ?? 0)}</span>
                <span>{t('now')}</span>
              </div>
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
