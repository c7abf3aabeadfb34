import { LoaderCircle } from 'lucide-react';
import { Slot } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

const looks = {
  primary: 'bg-accent text-accent-ink hover:bg-accent-strong',
  plain: 'border border-line-strong bg-surface text-ink hover:bg-sunken',
  quiet: 'text-ink-soft hover:bg-sunken hover:text-ink',
  danger: 'bg-bad text-accent-ink hover:bg-bad-strong',
  link: 'text-accent underline-offset-4 hover:underline px-0',
} as const;

const sizes = {
  small: 'h-7 px-2.5 text-sm gap-1.5',
  normal: 'h-8 px-3 text-sm gap-2',
  large: 'h-10 px-4 text-base gap-2',
  icon: 'size-8 justify-center',
  'small-icon': 'size-7 justify-center',
} as const;

export interface ButtonProps extends ComponentProps<'button'> {
  look?: keyof typeof looks;
  size?: keyof typeof sizes;
  /** Something is under way: it cannot be pressed, and says so. */
  busy?: boolean;
  asChild?: boolean;
}

export function Button({
  look = 'plain',
  size = 'normal',
  busy = false,
  asChild = false,
  className,
  ...props
}: ButtonProps) {
  const names = cn(
    'inline-flex shrink-0 select-none items-center justify-center whitespace-nowrap rounded-md font-medium',
    'transition-colors disabled:pointer-events-none disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
    looks[look],
    sizes[size],
    className,
  );
  if (asChild) return <Slot.Root data-look={look} className={names} {...props} />;
  return (
    <button
      type="button"
      data-look={look}
      {...props}
      className={names}
      disabled={props.disabled || busy}
      aria-busy={busy || undefined}
    >
      {busy && <LoaderCircle className="animate-spin" aria-hidden />}
      {props.children}
    </button>
  );
}
