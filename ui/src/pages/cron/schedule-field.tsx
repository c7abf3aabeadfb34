import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCall } from '@/client/control';
import { Failed } from '@/components/states';
import { Ago } from '@/components/time';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { cn } from '@/lib/cn';
import { useFormats } from '@/lib/format';
import type { Schedule } from './data';
import { type Draft, type Kind, kinds, ownZone, scheduleOf, type Unit, units, weekdays } from './schedule';
import { weekday } from './words';

/** When a job runs: simple forms, or a cron expression, and the next five times of what was entered. */
export function ScheduleField({ draft, onChange }: { draft: Draft; onChange(draft: Draft): void }) {
  const { t } = useTranslation('cron');
  const change = (part: Partial<Draft>) => onChange({ ...draft, ...part });
  return (
    <fieldset className="grid min-w-0 gap-3 rounded-lg border border-line p-3">
      <legend className="px-1 font-medium text-sm">{t('when')}</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t('repeats')}>
          <Select value={draft.kind} onChange={(event) => change({ kind: event.target.value as Kind })}>
            {kinds.map((kind) => (
              <option key={kind} value={kind}>
                {t(`kind.${kind}`)}
              </option>
            ))}
          </Select>
        </Field>
        <Details draft={draft} change={change} />
      </div>
      {draft.kind === 'days' && <Days draft={draft} change={change} />}
      {draft.kind !== 'once' && draft.kind !== 'every' && <Zone draft={draft} change={change} />}
      <NextTimes schedule={scheduleOf(draft)} />
    </fieldset>
  );
}

interface PartProps {
  draft: Draft;
  change(part: Partial<Draft>): void;
}

function Details({ draft, change }: PartProps) {
  const { t } = useTranslation('cron');
  const time = (
    <Field label={t('time')} required>
      <Input type="time" value={draft.time} onChange={(event) => change({ time: event.target.value })} />
    </Field>
  );
  if (draft.kind === 'days') return time;
  if (draft.kind === 'once')
    return (
      <Field label={t('moment')} required>
        <Input type="datetime-local" value={draft.at} onChange={(event) => change({ at: event.target.value })} />
      </Field>
    );
  if (draft.kind === 'every')
    return (
      <div className="grid grid-cols-2 gap-3">
        <Field label={t('amount')} required>
          <Input
            type="number"
            min={1}
            step={1}
            value={draft.amount}
            onChange={(event) => change({ amount: event.target.value })}
          />
        </Field>
        <Field label={t('unit')}>
          <Select value={draft.unit} onChange={(event) => change({ unit: event.target.value as Unit })}>
            {units.map((unit) => (
              <option key={unit} value={unit}>
                {t(`unit.${unit}`)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
    );
  if (draft.kind === 'month')
    return (
      <div className="grid grid-cols-2 gap-3">
        <Field label={t('dayOfMonth')}>
          <Select value={draft.dayOfMonth} onChange={(event) => change({ dayOfMonth: event.target.value })}>
            {Array.from({ length: 31 }, (_, place) => String(place + 1)).map((day) => (
              <option key={day} value={day}>
                {day}
              </option>
            ))}
            <option value="L">{t('lastDay')}</option>
          </Select>
        </Field>
        {time}
      </div>
    );
  return (
    <Field label={t('expression')} hint={t('expressionHint')} required>
      <Input
        className="font-mono"
        spellCheck={false}
        autoComplete="off"
        value={draft.expr}
        onChange={(event) => change({ expr: event.target.value })}
      />
    </Field>
  );
}

function Days({ draft, change }: PartProps) {
  const { t, i18n } = useTranslation('cron');
  return (
    <fieldset className="flex min-w-0 flex-wrap gap-1.5">
      <legend className="mb-1 font-medium text-sm">{t('weekdays')}</legend>
      {weekdays.map((day) => {
        const chosen = draft.days.includes(day);
        return (
          <button
            key={day}
            type="button"
            aria-pressed={chosen}
            title={weekday(day, i18n.language, 'long')}
            className={cn(
              'h-8 min-w-11 rounded-md border px-2 text-sm',
              chosen ? 'border-accent bg-accent-wash text-accent' : 'border-line-strong text-ink-soft hover:bg-sunken',
            )}
            onClick={() =>
              change({ days: weekdays.filter((each) => (each === day ? !chosen : draft.days.includes(each))) })
            }
          >
            {weekday(day, i18n.language)}
          </button>
        );
      })}
    </fieldset>
  );
}

function Zone({ draft, change }: PartProps) {
  const { t } = useTranslation('cron');
  return (
    <div>
      <Field label={t('zone')} hint={t('zoneHint')}>
        <Input
          list="cron-zones"
          autoComplete="off"
          value={draft.zone}
          onChange={(event) => change({ zone: event.target.value })}
        />
      </Field>
      <datalist id="cron-zones">
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </div>
  );
}

/** The next five times of a schedule, asked of the gateway: it reckons as it will when the job is kept. */
function NextTimes({ schedule }: { schedule: Schedule | undefined }) {
  const { t } = useTranslation('cron');
  const formats = useFormats();
  const wanted = useLater(schedule ? JSON.stringify(schedule) : '', 250);
  const query = useCall(
    'cron.times',
    { schedules: wanted ? [{ schedule: JSON.parse(wanted) as Schedule }] : [], limit: 5 },
    { enabled: Boolean(wanted), keep: true },
  );
  const found = query.data?.times[0];
  return (
    <section aria-label={t('nextTimes')} aria-live="polite" className="rounded-md bg-sunken px-3 py-2 text-sm">
      <p className="mb-1 font-medium text-ink-soft text-xs">{t('nextTimesIn', { zone: ownZone() })}</p>
      {!schedule && <p className="text-ink-faint">{t('incomplete')}</p>}
      {schedule && query.isError && <Failed error={query.error} />}
      {schedule && found?.error && <p className="break-words text-bad">{found.error}</p>}
      {schedule && found && !found.error && !found.atMs.length && <p className="text-warn">{t('never')}</p>}
      {schedule && Boolean(found?.atMs.length) && (
        <ol className="grid gap-0.5">
          {found?.atMs.map((at) => (
            <li key={at} className="flex flex-wrap justify-between gap-x-3">
              <time dateTime={new Date(at).toISOString()}>{formats.dateTime(at)}</time>
              <Ago at={at} className="text-ink-faint" />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** A value once it has stood still for a while. */
function useLater(value: string, ms: number): string {
  const [later, setLater] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return later;
}
