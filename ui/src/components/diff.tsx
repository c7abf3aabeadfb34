import { cn } from '@/lib/cn';

function look(line: string): string {
  if (line.startsWith('+++') || line.startsWith('---')) return 'text-ink-faint';
  if (line.startsWith('@@')) return 'text-accent';
  if (line.startsWith('+')) return 'bg-good-wash text-good';
  if (line.startsWith('-')) return 'bg-bad-wash text-bad';
  return 'text-ink-soft';
}

/** A difference in the unified form, its lines in colour; the signs before them say it, too. */
export function Diff({ text, label, className }: { text: string; label: string; className?: string }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
      tabIndex={0}
      className={cn(
        'overflow-auto rounded-md border border-line bg-sunken py-2 font-mono text-xs leading-5',
        className,
      )}
    >
      <pre className="w-max min-w-full">
        {text
          .replace(/\n$/, '')
          .split('\n')
          .map((line, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a difference does not change
            <span key={place} className={cn('block px-3', look(line))}>
              {line || ' '}
            </span>
          ))}
      </pre>
    </section>
  );
}
