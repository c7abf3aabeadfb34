import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

interface PageBodyProps {
  /** A sentence on what the page is for; its name is in the header already. */
  intro?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** `fill`: as high as the window, for pages that scroll inside. */
  size?: 'normal' | 'narrow' | 'fill';
}

/** The frame of a page's content. */
export function PageBody({ intro, actions, children, size = 'normal' }: PageBodyProps) {
  return (
    <div
      className={cn(
        'p-3 sm:p-5',
        size === 'fill' ? 'flex h-full flex-col gap-3' : 'mx-auto grid gap-4',
        size === 'normal' && 'max-w-[88rem]',
        size === 'narrow' && 'max-w-4xl',
      )}
    >
      {(intro || actions) && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          {intro && <p className="min-w-0 flex-1 basis-64 text-ink-soft text-sm">{intro}</p>}
          {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </div>
      )}
      {children}
    </div>
  );
}
