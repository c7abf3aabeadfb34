import { type ReactNode, useId } from 'react';
import { cn } from '@/lib/cn';

interface CardProps {
  title?: ReactNode;
  /** What stands at the right of the title. */
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
  bodyClassName?: string;
}

/** One subject of a page. */
export function Card({ title, aside, children, className, bodyClassName }: CardProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={title ? id : undefined}
      className={cn('min-w-0 rounded-lg border border-line bg-surface', className)}
    >
      {(title || aside) && (
        <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-4 py-1.5">
          {title && (
            <h2 id={id} className="font-semibold text-ink text-sm">
              {title}
            </h2>
          )}
          {aside && <div className="ml-auto flex items-center gap-2">{aside}</div>}
        </header>
      )}
      <div className={cn('p-4', bodyClassName)}>{children}</div>
    </section>
  );
}
