import { History, MessageSquare } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { useCall } from '@/client/control';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Moment } from '@/components/time';
import { Status, type Tone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { useFormats } from '@/lib/format';
import type { Run } from './data';

const tones: Record<string, Tone> = {
  ok: 'good',
  error: 'bad',
  interrupted: 'bad',
  skipped: 'warn',
  running: 'accent',
  requested: 'neutral',
};

export const toneOf = (status: string | undefined): Tone => tones[status ?? ''] ?? 'neutral';

const step = 50;

/** What jobs did, newest first: all of them, or one. */
export function Runs({
  job,
  statuses,
  count,
  more,
}: {
  job?: string;
  statuses?: string[];
  /** How many are shown at most. */
  count: number;
  more?(count: number): void;
}) {
  const { t } = useTranslation('cron');
  const query = useCall(
    'cron.runs',
    { ...(job ? { id: job } : { scope: 'all' as const }), limit: count, ...(statuses?.length ? { statuses } : {}) },
    { keep: true },
  );
  return (
    <Loaded query={query} skeleton={<Skeleton lines={6} className="p-4" />}>
      {({ entries, total }) =>
        entries.length ? (
          <>
            <ul className="divide-y divide-line">
              {entries.map((run) => (
                <OneRun key={`${run.jobId} ${run.ts} ${run.runAtMs ?? ''}`} run={run} named={!job} />
              ))}
            </ul>
            {more && entries.length < total && (
              <div className="border-line border-t p-3 text-center">
                <Button size="small" busy={query.isFetching} onClick={() => more(count + step)}>
                  {t('showMore')}
                </Button>
              </div>
            )}
          </>
        ) : (
          <Empty icon={History} title={t(statuses?.length ? 'nothingFound' : 'noRuns')} />
        )
      }
    </Loaded>
  );
}

function OneRun({ run, named }: { run: Run; named: boolean }) {
  const { t } = useTranslation('cron');
  const formats = useFormats();
  return (
    <li className="grid gap-1 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <Status tone={toneOf(run.status)} live={run.status === 'running'}>
          {t(`status.${run.status}`, { defaultValue: run.status })}
        </Status>
        {named && (
          <PageLink
            to="/cron"
            search={{ job: run.jobId }}
            className="min-w-0 truncate font-medium text-ink hover:underline"
          >
            {run.jobName || run.jobId}
          </PageLink>
        )}
        <span className="ml-auto flex items-center gap-3 text-ink-faint">
          {run.durationMs !== undefined && <span>{formats.duration(run.durationMs)}</span>}
          <Moment at={run.runAtMs ?? run.ts} />
        </span>
      </div>
      {run.error && <p className="break-words text-bad text-sm">{run.error}</p>}
      {run.deliveryError && run.deliveryError !== run.error && (
        <p className="break-words text-sm text-warn">{t('notDelivered', { reason: run.deliveryError })}</p>
      )}
      {run.summary && (
        <p className="line-clamp-6 whitespace-pre-wrap break-words text-ink-soft text-sm">{run.summary}</p>
      )}
      {(run.model || run.sessionKey) && (
        <p className="flex flex-wrap items-center gap-x-3 text-ink-faint text-xs">
          {run.model && <span>{run.model}</span>}
          {run.sessionKey && (
            <PageLink
              to="/chat"
              search={{ session: run.sessionKey }}
              className="inline-flex items-center gap-1 text-accent hover:underline"
            >
              <MessageSquare aria-hidden className="size-3" />
              {t('conversation')}
            </PageLink>
          )}
        </p>
      )}
    </li>
  );
}
