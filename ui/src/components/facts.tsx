import { Fragment, type ReactNode } from 'react';
import { cn } from '@/lib/cn';

/** Names and values, one below the other; what is not known is left out. */
export function Facts({
  facts,
  className,
}: {
  facts: readonly (readonly [name: string, value: ReactNode])[];
  className?: string;
}) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false);
  return (
    <dl className={cn('grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm', className)}>
      {known.map(([name, value]) => (
        <Fragment key={name}>
          <dt className="text-ink-faint">{name}</dt>
          <dd className="numbers min-w-0 break-words text-ink">{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
