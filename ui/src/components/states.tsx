import { type UseQueryResult, useQueryErrorResetBoundary } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { CloudOff, type LucideIcon, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/client/errors';
import { wordsOf } from '@/client/words';
import { cn } from '@/lib/cn';
import { Button } from './ui/button';

/** Grey bars where text will be. */
export function Skeleton({ lines = 3, className }: { lines?: number; className?: string }) {
  const { t } = useTranslation('common');
  const widths = ['w-full', 'w-11/12', 'w-4/5', 'w-full', 'w-2/3'];
  return (
    <div role="status" aria-label={t('loading')} className={cn('grid gap-2.5 py-1', className)}>
      {Array.from({ length: lines }, (_, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars that are all alike
        <div key={place} className={cn('skeleton h-3.5 rounded', widths[place % widths.length])} />
      ))}
    </div>
  );
}

/** There is nothing yet: what it is good for, and the button that makes the first one. */
export function Empty({
  icon: Icon,
  title,
  text,
  action,
}: {
  icon?: LucideIcon;
  title: string;
  text?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="grid justify-items-center gap-2 px-4 py-10 text-center">
      {Icon && <Icon aria-hidden className="size-7 text-ink-faint" strokeWidth={1.5} />}
      <p className="font-medium text-ink">{title}</p>
      {text && <div className="max-w-md text-ink-soft text-sm">{text}</div>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

interface FailedProps {
  error: unknown;
  /** What could not be had, where that does not go without saying. */
  text?: string;
  retry?: () => void;
  className?: string;
}

/** It could not be had: why, and a button that tries again. */
export function Failed({ error, text, retry, className }: FailedProps) {
  const { t } = useTranslation('common');
  const offline = error instanceof ApiError && error.unreachable;
  const Icon = offline ? CloudOff : TriangleAlert;
  return (
    <div
      role="alert"
      className={cn('flex flex-wrap items-center gap-3 rounded-md bg-bad-wash px-3 py-2 text-sm', className)}
    >
      <Icon aria-hidden className="size-4 shrink-0 text-bad" />
      <p className="min-w-0 flex-1 break-words text-ink">
        {text && <span className="font-medium">{text} </span>}
        {wordsOf(error, t)}
      </p>
      {retry && (
        <Button size="small" onClick={retry}>
          {t('tryAgain')}
        </Button>
      )}
    </div>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T, Error>;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}

/** A query in each of its states. What was there before stays on the page when it cannot be had anew. */
export function Loaded<T>({ query, skeleton, children }: LoadedProps<T>) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <Failed error={query.error} retry={() => void query.refetch()} className="mb-3" />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return skeleton ?? <Skeleton />;
}

/** What is shown in place of a page that broke, or that could not be opened as nobody answers. */
export function PageFailed({ error, reset }: { error: unknown; reset(): void }) {
  const { t } = useTranslation('common');
  const queryErrors = useQueryErrorResetBoundary();
  const router = useRouter();
  const offline = error instanceof ApiError && error.unreachable;
  return (
    <div className="mx-auto max-w-xl py-10">
      <Empty
        icon={offline ? CloudOff : TriangleAlert}
        title={offline ? wordsOf(error, t) : t('pageBroke')}
        text={!offline && <span className="break-words font-mono text-xs">{wordsOf(error, t)}</span>}
        action={
          <div className="flex gap-2">
            <Button
              look="primary"
              onClick={() => {
                queryErrors.reset();
                // What was asked before the page is asked anew, too: to draw it again alone would fail as before.
                void router.invalidate().then(reset);
              }}
            >
              {t('tryAgain')}
            </Button>
            <Button onClick={() => location.reload()}>{t('reload')}</Button>
          </div>
        }
      />
    </div>
  );
}
