import { GripVertical } from 'lucide-react';
import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { cn } from '@/lib/cn';
import { AccountActions } from './account-actions';
import { AccountStatus } from './account-status';
import type { Account } from './api';
import { QuotaBars } from './quota-bars';

interface AccountRowProps {
  account: Account;
  place: number;
  /** Milliseconds. */
  now: number;
  manage: boolean;
  lifted: boolean;
  onOpen(): void;
  handle?: Pick<ComponentProps<'button'>, 'onPointerDown' | 'onKeyDown'>;
}

export function AccountRow({ account, place, now, manage, lifted, onOpen, handle }: AccountRowProps) {
  const { t } = useTranslation('accounts');
  return (
    <li
      data-id={account.id}
      className={cn(
        'grid grid-cols-[auto_minmax(0,1fr)_auto] items-start gap-x-3 gap-y-2 px-3 py-3 transition-colors',
        'lg:grid-cols-[auto_minmax(0,1fr)_minmax(0,1.3fr)_auto]',
        lifted ? 'relative z-10 bg-accent-wash shadow-raised' : 'hover:bg-sunken/60',
      )}
    >
      <div className="flex items-center gap-1">
        {handle && (
          <button
            type="button"
            {...handle}
            aria-label={t('move', { name: account.email, place })}
            aria-keyshortcuts="ArrowUp ArrowDown"
            className={cn(
              'grid h-8 w-6 touch-none select-none place-items-center rounded text-ink-faint hover:text-ink',
              lifted ? 'cursor-grabbing' : '!cursor-grab',
            )}
          >
            <GripVertical aria-hidden className="size-4" />
          </button>
        )}
        <span aria-hidden className="numbers w-5 text-right text-ink-faint text-xs leading-8">
          {place}
        </span>
      </div>
      <div className="min-w-0">
        <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
          <button
            type="button"
            onClick={onOpen}
            className="min-w-0 truncate text-left font-medium text-ink underline-offset-4 hover:underline"
          >
            {account.email}
          </button>
          {account.is_current && <Badge tone="accent">{t('current')}</Badge>}
          {account.is_preferred && <Badge tone="accent">{t('preferred')}</Badge>}
          {account.plan && <Badge>{account.plan}</Badge>}
        </div>
        <p className="mt-0.5 flex flex-wrap items-center gap-x-3 text-ink-faint text-xs">
          <span>{account.provider}</span>
          <span>{t(`kind.${account.kind}`)}</span>
          {account.last_used > account.created_at ? (
            <span>
              {t('used')} <Ago at={account.last_used * 1000} />
            </span>
          ) : (
            <span>{t('neverUsed')}</span>
          )}
        </p>
        <AccountStatus account={account} now={now} className="mt-1.5" />
      </div>
      <div className="col-span-3 min-w-0 pl-[3.6rem] max-lg:order-last lg:col-span-1 lg:pl-0">
        <QuotaBars account={account} now={now} most={4} />
      </div>
      {manage ? <AccountActions account={account} onOpen={onOpen} /> : <span />}
    </li>
  );
}
