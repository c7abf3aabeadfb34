import { useTranslation } from 'react-i18next';
import { useCall } from '@/client/control';
import { useFormats } from '@/lib/format';
import type { Schedule } from './data';
import { inOwnZone, ownZone, simple, span, weekdays } from './schedule';

/** The name of a weekday in a language; Sunday is 0. */
export function weekday(day: number, language: string, length: 'short' | 'long' = 'short'): string {
  // The fourth of January 1970 was a Sunday.
  return new Intl.DateTimeFormat(language, { weekday: length, timeZone: 'UTC' }).format((3 + day) * 86_400_000);
}

/** What an agent is called, by its id. */
export function useAgentName(): (id: string) => string {
  const agents = useCall('agents.list', {}, { staleTime: 60_000 }).data?.agents;
  return (id) => {
    const agent = agents?.find((each) => each.id === id);
    return agent?.identity?.name ?? agent?.name ?? id;
  };
}

/** Says schedules in words; `next` is when they come next, by which is known whether the gateway's clock is ours. */
export function useScheduleWords(): (schedule: Schedule, next?: number) => string {
  const { t, i18n } = useTranslation('cron');
  const formats = useFormats();
  return (schedule, next) => {
    if (schedule.kind === 'at') return t('words.once', { at: formats.dateTime(Date.parse(schedule.at)) });
    if (schedule.kind === 'every') {
      const { amount, unit } = span(schedule.everyMs);
      return t(`words.every.${unit}`, { count: amount });
    }
    const found = simple(schedule.expr);
    const place = schedule.tz ?? (inOwnZone(found?.time, next) ? ownZone() : t('words.gatewayZone'));
    const zone = place === ownZone() ? '' : ` · ${place}`;
    if (found?.kind === 'month')
      return found.dayOfMonth === 'L'
        ? t('words.lastDay', { time: found.time }) + zone
        : t('words.month', { day: found.dayOfMonth, time: found.time }) + zone;
    if (!found?.days) return schedule.expr + zone;
    if (found.days.length === 7) return t('words.daily', { time: found.time }) + zone;
    const names = weekdays.filter((day) => found.days?.includes(day)).map((day) => weekday(day, i18n.language));
    return t('words.days', { days: names.join(t('words.comma')), time: found.time }) + zone;
  };
}
