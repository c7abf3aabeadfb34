import { cn } from '@/lib/cn';

export interface Bar {
  key: string;
  value: number;
  /** The part of it that failed. */
  bad?: number;
  label: string;
}

/** A small chart of bars, for an overview: the numbers are in its labels, too. */
export function Bars({ bars, label, className }: { bars: readonly Bar[]; label: string; className?: string }) {
  const most = Math.max(1, ...bars.map((bar) => bar.value));
  return (
    <ul aria-label={label} className={cn('flex h-40 items-end gap-px', className)}>
      {bars.map((bar) => (
        <li key={bar.key} title={bar.label} className="group relative flex h-full flex-1 flex-col justify-end">
          <span className="sr-only">{bar.label}</span>
          <span
            aria-hidden
            className="relative block min-h-px w-full overflow-hidden rounded-t-sm bg-accent/80 group-hover:bg-accent"
            style={{ height: `${(bar.value / most) * 100}%` }}
          >
            {bar.bad ? (
              <span
                className="absolute inset-x-0 bottom-0 bg-bad"
                style={{ height: `${(bar.bad / bar.value) * 100}%` }}
              />
            ) : null}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** How much of something is used. */
export function Meter({ share, label, tone }: { share: number; label: string; tone?: 'good' | 'warn' | 'bad' }) {
  const full = Math.max(0, Math.min(1, share));
  const colour = tone ?? (full >= 0.9 ? 'bad' : full >= 0.7 ? 'warn' : 'good');
  return (
    // biome-ignore lint/a11y/useSemanticElements: how <meter> looks cannot be set everywhere
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(full * 100)}
      className="h-1.5 overflow-hidden rounded-full bg-sunken"
    >
      <div
        className={cn('h-full rounded-full', { good: 'bg-good', warn: 'bg-warn', bad: 'bg-bad' }[colour])}
        style={{ width: `${full * 100}%` }}
      />
    </div>
  );
}
