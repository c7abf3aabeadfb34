import { useTranslation } from 'react-i18next';
import { control } from '@/client/control';
import { toast } from '@/components/ui/toasts';
import { useAction } from '@/lib/use-action';
import { cronKeys, type Job } from './data';

const longestMs = 3_600_000;

/** Has a job run now. The gateway answers when it has ended; until then the list shows that it runs. */
export function useRunNow(job: Job) {
  const { t } = useTranslation('cron');
  return useAction(
    async () => {
      toast.note(t('started', { name: job.name }));
      const told = await control.call('cron.run', { id: job.id, mode: 'force' }, { timeoutMs: longestMs });
      if (!told.ran) return told.reason === 'already-running' ? 'alreadyRunning' : 'didNotRun';
      // That it has ended is all that the answer says.
      const { entries } = await control.call('cron.runs', { id: job.id, limit: 1 });
      return entries[0]?.status === 'error' ? 'failed' : 'ended';
    },
    {
      refresh: cronKeys,
      done: (end) => (end === 'failed' ? undefined : t(end, { name: job.name })),
      onDone: (end) => end === 'failed' && toast.bad(t('endedBadly', { name: job.name })),
    },
  );
}
