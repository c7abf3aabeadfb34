import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

const field =
  'w-full rounded-md border border-line-strong bg-surface text-ink px-2.5 text-base sm:text-sm transition-colors ' +
  'hover:border-ink-faint focus-visible:outline-offset-0 disabled:opacity-60 aria-invalid:border-bad';

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input {...props} className={cn(field, 'h-8', className)} />;
}

export function Textarea({ className, ...props }: ComponentProps<'textarea'>) {
  return <textarea {...props} className={cn(field, 'min-h-20 py-1.5 leading-relaxed', className)} />;
}

/** The browser's own list: it works everywhere, on a phone best of all. */
export function Select({ className, ...props }: ComponentProps<'select'>) {
  return <select {...props} className={cn(field, 'h-8 pr-7', className)} />;
}
