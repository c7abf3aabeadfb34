import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { Button } from './button';
import { useEntered } from './use-entered';

interface DialogProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  /** `drawer-left` is the phone's menu, `drawer-right` a detail beside a table. */
  shape?: 'window' | 'wide' | 'drawer-left' | 'drawer-right';
  hideTitle?: boolean;
  /** Without it a press beside the window closes it, whatever was entered. */
  guarded?: boolean;
  /** What it shows is gone when it closes: only its buttons close it. */
  insistent?: boolean;
}

const shapes = {
  window: 'enter left-1/2 top-[12vh] w-[min(32rem,calc(100vw-1.5rem))] max-h-[80vh] -translate-x-1/2 rounded-xl',
  wide: 'enter left-1/2 top-[6vh] w-[min(60rem,calc(100vw-1.5rem))] max-h-[88vh] -translate-x-1/2 rounded-xl',
  'drawer-left': 'enter-side left-0 top-0 h-full w-[min(17rem,85vw)] border-l-0',
  'drawer-right': 'right-0 top-0 h-full w-[min(44rem,100vw)] border-r-0',
} as const;

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  footer,
  shape = 'window',
  hideTitle = false,
  guarded = true,
  insistent = false,
}: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-shade" />
        <Content
          {...{ title, description, children, footer, shape, hideTitle, guarded, insistent }}
          leave={() => onOpenChange(false)}
        />
      </Radix.Portal>
    </Radix.Root>
  );
}

type ContentProps = Omit<DialogProps, 'open' | 'onOpenChange'> & { shape: keyof typeof shapes; leave(): void };

/** What is in it, and whether something was entered: for as long as it is open. */
function Content({
  title,
  description,
  children,
  footer,
  shape,
  hideTitle,
  guarded = true,
  insistent,
  leave,
}: ContentProps) {
  const { t } = useTranslation('common');
  const { asked, stay, keepOpen, keepOpenOnEscape, watch } = useEntered(guarded);
  return (
    <Radix.Content
      className={cn(
        'fixed z-50 flex flex-col overflow-hidden border border-line bg-raised text-ink shadow-raised focus:outline-none',
        shapes[shape],
      )}
      {...(description ? {} : { 'aria-describedby': undefined })}
      onPointerDownOutside={keepOpen}
      onInteractOutside={(event) => {
        if (insistent) event.preventDefault();
      }}
      onEscapeKeyDown={(event) => {
        if (insistent) event.preventDefault();
        else keepOpenOnEscape(event);
      }}
      {...watch}
    >
      <header className={cn('flex items-start gap-3 px-5 pt-4 pb-2', hideTitle && 'sr-only')}>
        <div className="min-w-0 flex-1">
          <Radix.Title className="font-semibold text-lg">{title}</Radix.Title>
          {description && <Radix.Description className="mt-1 text-ink-soft text-sm">{description}</Radix.Description>}
        </div>
        <Radix.Close asChild>
          <Button look="quiet" size="small-icon" aria-label={t('close')}>
            <X aria-hidden />
          </Button>
        </Radix.Close>
      </header>
      {children && <div className={cn('min-h-0 flex-1 overflow-y-auto', !hideTitle && 'px-5 py-2')}>{children}</div>}
      {footer && <footer className="flex flex-wrap justify-end gap-2 px-5 pt-2 pb-4">{footer}</footer>}
      {asked && (
        <div
          role="alert"
          className="flex flex-wrap items-center gap-2 border-line border-t bg-warn-wash px-5 py-3 text-sm"
        >
          <span className="flex-1">{t('unsaved')}</span>
          <Button size="small" onClick={leave}>
            {t('unsaved.discard')}
          </Button>
          <Button size="small" onClick={stay} autoFocus>
            {t('unsaved.keep')}
          </Button>
        </div>
      )}
    </Radix.Content>
  );
}
