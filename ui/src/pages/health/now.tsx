import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Contained } from '@/components/contained';
import { Loaded, Skeleton } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge, Status, type Tone } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { cn } from '@/lib/cn';
import { useFormats } from '@/lib/format';
import { patiently } from '@/lib/parts';
import { useNow } from '@/lib/use-now';
import { type Health, type Level, type Part, type Sample, useHealth, useSamples } from './api';
import { type Slot, slotsOf, trendsOf, wellShare } from './trends';

const TimeChart = lazy(() => patiently(() => import('@/components/time-chart')));
export const tones: Record<Level, Tone> = { ok: 'good', degraded: 'warn', down: 'bad' };
const fills: Record<Level, string> = { ok: 'bg-good', degraded: 'bg-warn', down: 'bg-bad' };
const PERCENT = ['memory', 'files', 'disk'];
const MILLISECONDS = ['event_loop', 'database', 'front_door'];
const SECONDS = ['heartbeat', 'clock', 'cron'];

/** How it is now, part by part, and how the last day was. */
export function Now() {
  const { t } = useTranslation('health');
  const health = useHealth();
  const samples = useSamples();
  return (
    <div className="grid gap-4">
      <Card title={t('now')} aside={health.data?.checkedAt ? <Looked health={health.data} /> : undefined}>
        <Loaded query={health}>
          {(found) =>
            found.parts.length ? (
              <ul className="grid gap-x-6 sm:grid-cols-2 xl:grid-cols-3">
                {[...found.parts].sort(bySeverity).map((part) => (
                  <PartRow key={part.name} part={part} />
                ))}
              </ul>
            ) : (
              <p className="text-ink-soft text-sm">{t('notLooked')}</p>
            )
          }
        </Loaded>
      </Card>
      <Loaded query={samples} skeleton={<Skeleton lines={8} />}>
        {(found) => <Day samples={found} />}
      </Loaded>
    </div>
  );
}

const weight: Record<Level, number> = { down: 0, degraded: 1, ok: 2 };
const bySeverity = (a: Part, b: Part): number => weight[a.level] - weight[b.level];

function Looked({ health }: { health: Health }) {
  const { t } = useTranslation('health');
  return (
    <>
      <span className="text-ink-faint text-xs">
        {t('looked')} <Ago at={(health.checkedAt ?? 0) * 1000} />
      </span>
      <Badge tone={tones[health.level]}>{t(`level.${health.level}`)}</Badge>
    </>
  );
}

function PartRow({ part }: { part: Part }) {
  const { t, i18n } = useTranslation('health');
  const formats = useFormats();
  const name = i18n.exists(`part.${part.name}`, { ns: 'health' }) ? t(`part.${part.name}`) : part.name;
  const figure = (value: number): string => {
    if (PERCENT.includes(part.name)) return formats.percent(value / 100);
    if (MILLISECONDS.includes(part.name)) return formats.duration(value);
    if (SECONDS.includes(part.name)) return formats.duration(Math.abs(value) * 1000);
    return part.name === 'memory_slope' ? t('perHour', { amount: formats.number(value) }) : formats.number(value);
  };
  return (
    <li className="min-w-0 border-line border-b py-2 text-sm last:border-b-0">
      <div className="flex items-center gap-3">
        <Status tone={tones[part.level]} className="flex-1 text-ink">
          {name}
        </Status>
        {part.figure !== null && <span className="numbers text-ink-faint text-xs">{figure(part.figure)}</span>}
        <span className={cn('text-xs', part.level === 'ok' ? 'text-ink-faint' : 'font-medium text-ink')}>
          {t(`level.${part.level}`)}
        </span>
      </div>
      {part.words && <p className="mt-0.5 pl-3.5 text-ink-soft text-xs">{part.words}</p>}
    </li>
  );
}

function Day({ samples }: { samples: readonly Sample[] }) {
  const { t } = useTranslation('health');
  const formats = useFormats();
  const now = useNow(60_000);
  const trends = useMemo(() => trendsOf(samples), [samples]);
  const slots = useMemo(() => slotsOf(samples, now), [samples, now]);
  const well = wellShare(samples);
  const response = useMemo(
    () => [{ id: 'response', label: t('response'), values: trends.response }],
    [trends.response, t],
  );
  const machine = useMemo(
    () => [
      { id: 'processor', label: t('processor'), values: trends.processor },
      { id: 'memory', label: t('machineMemory'), values: trends.memory },
    ],
    [trends.processor, trends.memory, t],
  );
  return (
    <>
      <Card
        title={t('day')}
        aside={
          well !== null && (
            <span className="numbers text-ink-soft text-sm">{t('well', { share: formats.percent(well) })}</span>
          )
        }
      >
        <Strip slots={slots} />
      </Card>
      {trends.times.length > 1 ? (
        <div className="grid gap-4 lg:grid-cols-2">
          <Chart title={t('response')} times={trends.times} series={response} format={formats.duration} />
          <Chart
            title={t('machine')}
            times={trends.times}
            series={machine}
            format={(value) => formats.percent(value / 100)}
          />
        </div>
      ) : (
        <p className="text-ink-soft text-sm">{t('noTrends')}</p>
      )}
    </>
  );
}

function Strip({ slots }: { slots: readonly Slot[] }) {
  const { t, i18n } = useTranslation('health');
  const formats = useFormats();
  const nameOf = (part: string) => (i18n.exists(`part.${part}`, { ns: 'health' }) ? t(`part.${part}`) : part);
  const bad = slots.filter((slot) => slot.level === 'degraded' || slot.level === 'down');
  return (
    <div className="grid gap-2">
      <div aria-hidden className="flex h-8 gap-px">
        {slots.map((slot) => (
          <span
            key={slot.start}
            title={`${formats.dateTime(slot.start * 1000)} · ${slot.level ? t(`level.${slot.level}`) : t('level.none')}`}
            className={cn('min-w-0 flex-1 rounded-sm', slot.level ? fills[slot.level] : 'bg-sunken')}
          />
        ))}
      </div>
      <p aria-hidden className="numbers flex justify-between text-ink-faint text-xs">
        <span>{formats.hour((slots[0]?.start ?? 0) * 1000)}</span>
        <span>{t('nowWord')}</span>
      </p>
      {bad.length > 0 ? (
        <details className="text-sm">
          <summary className="text-ink-soft">{t('badTimes', { count: bad.length })}</summary>
          <ul className="mt-2 grid gap-1">
            {[...bad].reverse().map((slot) => (
              <li key={slot.start} className="flex flex-wrap items-center gap-2">
                <Badge tone={tones[slot.level ?? 'ok']}>{t(`level.${slot.level ?? 'ok'}`)}</Badge>
                <span className="numbers text-ink-soft">{formats.dateTime(slot.start * 1000)}</span>
                <span>{slot.parts.map(nameOf).join(t('comma'))}</span>
              </li>
            ))}
          </ul>
        </details>
      ) : (
        <p className="text-ink-soft text-sm">{t('allWell')}</p>
      )}
    </div>
  );
}

interface ChartProps {
  title: string;
  times: readonly number[];
  series: readonly { id: string; label: string; values: readonly (number | null)[] }[];
  format(value: number): string;
}

function Chart({ title, times, series, format }: ChartProps) {
  return (
    <Card title={title}>
      <Contained>
        <Suspense fallback={<Skeleton lines={6} />}>
          <TimeChart
            label={title}
            times={times}
            series={series}
            shape="lines"
            step={60}
            format={format}
            className="h-52"
          />
        </Suspense>
      </Contained>
    </Card>
  );
}
