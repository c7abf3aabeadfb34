import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

export type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'accent';

const tones: Record<Tone, string> = {
  neutral: 'bg-sunken text-ink-soft',
  good: 'bg-good-wash text-good',
  warn: 'bg-warn-wash text-warn',
  bad: 'bg-bad-wash text-bad',
  accent: 'bg-accent-wash text-accent',
};

const dots: Record<Tone, string> = {
  neutral: 'bg-ink-faint',
  good: 'bg-good',
  warn: 'bg-warn',
  bad: 'bg-bad',
  accent: 'bg-accent',
};

export function Badge({
  tone = 'neutral',
  className,
  children,
}: {
  tone?: Tone;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span
      className={cn(
        'inline-flex max-w-full items-center gap-1 rounded px-1.5 py-px font-medium text-xs',
        tones[tone],
        className,
      )}
    >
      {children}
    </span>
  );
}

/** How something is, in a word and a colour; the word alone says it, too. */
export function Status({
  tone,
  live = false,
  className,
  children,
}: {
  tone: Tone;
  live?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span className={cn('inline-flex min-w-0 items-center gap-1.5 text-ink-soft text-sm', className)}>
      <Dot tone={tone} live={live} />
      <span className="truncate">{children}</span>
    </span>
  );
}

export function Dot({ tone, live = false }: { tone: Tone; live?: boolean }) {
  return <span aria-hidden className={cn('size-2 shrink-0 rounded-full', dots[tone], live && 'pulse')} />;
}
