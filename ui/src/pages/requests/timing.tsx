import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { useFormats } from '@/lib/format';
import type { LogDetail } from './api';

/** Where the time went: every try at a provider on one scale, and when the answer began. */
export function Timing({ entry }: { entry: LogDetail }) {
  const { t } = useTranslation('requests');
  const formats = useFormats();
  const whole = Math.max(1, entry.total_duration ?? 0, ...entry.attempts.map((each) => each.ended ?? each.began));
  const share = (value: number) => `${Math.min(100, (value / whole) * 100)}%`;
  return (
    <section>
      <h3 className="mb-2 flex items-baseline gap-3 font-semibold text-sm">
        {t('timing')}
        <span className="numbers font-normal text-ink-soft">
          {entry.total_duration === null ? t('unfinished') : formats.duration(entry.total_duration)}
          {entry.stream && entry.total_duration !== null && (
            <> · {t('firstByte', { span: formats.duration(entry.duration) })}</>
          )}
        </span>
      </h3>
      <ol className="grid gap-2">
        {entry.attempts.map((attempt, place) => {
          const ended = attempt.ended ?? whole;
          const failed = attempt.error !== null || (attempt.status ?? 200) >= 400;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the tries of a request never change
            <li key={place} className="text-xs">
              <div className="mb-0.5 flex items-baseline gap-2">
                <span className="min-w-0 flex-1 truncate">
                  {attempt.provider} <span className="text-ink-soft">{attempt.model}</span>
                </span>
                {attempt.status !== null && <span className="numbers text-ink-soft">{attempt.status}</span>}
                <span className="numbers font-medium">{formats.duration(Math.max(0, ended - attempt.began))}</span>
              </div>
              <div aria-hidden className="relative h-2 overflow-hidden rounded bg-sunken">
                <span
                  className={cn('absolute inset-y-0 min-w-0.5 rounded', failed ? 'bg-bad' : 'bg-accent')}
                  style={{ left: share(attempt.began), width: share(Math.max(0, ended - attempt.began)) }}
                />
                {entry.stream && !failed && (
                  <span className="absolute inset-y-0 w-0.5 bg-ink" style={{ left: share(entry.duration) }} />
                )}
              </div>
              {attempt.error && <p className="mt-0.5 break-words text-bad">{attempt.error}</p>}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
