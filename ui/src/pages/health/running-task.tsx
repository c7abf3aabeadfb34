import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/client/errors';
import { rest } from '@/client/rest';
import { Meter } from '@/components/bars';
import { Loaded } from '@/components/states';
import { Badge, type Tone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { useFormats } from '@/lib/format';
import { isSettled, keys, type Standing, switchOf, type Task, useStanding } from './api';

export const taskTones: Record<Task['status'], Tone> = {
  running: 'accent',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'neutral',
  interrupted: 'warn',
};

/** The task, and how what it restored is put in place. */
function useTask(id: string) {
  const query = useQuery({
    queryKey: [...keys.tasks, id],
    queryFn: ({ signal }) => rest.get<Task>('/api/tasks/{task_id}', { path: { task_id: id }, signal }),
    refetchInterval: ({ state }) => (state.data && state.data.status !== 'running' ? false : 700),
    // A restore may have the process replaced meanwhile; with a restored database the task itself is gone.
    retry: (count, error) => !isGone(error) && count < 30,
  });
  return { query, standing: useStanding(switchOf(query.data)) };
}

/** A task from its beginning to its end, and what it found. */
export function RunningTask({ id, close }: { id: string; close(): void }) {
  const { t } = useTranslation('health');
  const { query, standing } = useTask(id);
  // What the database is restored to does not know the task; whoever saw it order that still knows what it was.
  const known = switchOf(query.data) ? { ...query, isError: false, error: null } : query;
  return (
    <section aria-label={t('task')} className="rounded-lg border border-line bg-surface px-4 py-3">
      {isGone(known.error) ? (
        <div className="flex items-start gap-3 text-sm">
          <p role="status" className="min-w-0 flex-1">
            {t('taskGone')}
          </p>
          <Button look="quiet" size="small-icon" aria-label={t('close')} onClick={close}>
            <X aria-hidden />
          </Button>
        </div>
      ) : (
        <Loaded query={known as typeof query}>
          {(task) => (
            <div className="grid gap-2 text-sm">
              <div className="flex items-center gap-3">
                <span className="min-w-0 flex-1 font-medium">{task.title}</span>
                <span role="status">
                  <Badge tone={outcomeTone(task, standing)}>{t(outcomeOf(task, standing))}</Badge>
                </span>
                <Button look="quiet" size="small-icon" aria-label={t('close')} onClick={close}>
                  <X aria-hidden />
                </Button>
              </div>
              {task.status === 'running' && <Meter share={task.progress / 100} label={task.title} tone="good" />}
              <TaskDetails task={task} standing={standing} />
            </div>
          )}
        </Loaded>
      )}
    </section>
  );
}

const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

const isDamaged = (task: Task): boolean => task.kind === 'backup.verify' && task.result?.whole === false;

/** Where what a restore ordered is not in place, and how that is. */
function placing(task: Task, standing: Standing | undefined): 'waiting' | 'restarting' | 'undone' | undefined {
  if (!switchOf(task) || task.status !== 'succeeded') return undefined;
  if (standing && isSettled(standing)) return standing.state === 'undone' ? 'undone' : undefined;
  return task.result?.outcome === 'waiting' ? 'waiting' : 'restarting';
}

/** What became of a task, as a key of the texts. A look through a backup that found faults did succeed, which is not what matters
 * of it; a restore that has the gateway replaced is done when that serves again. */
export function outcomeOf(task: Task, standing?: Standing): string {
  const open = placing(task, standing);
  if (open) return open === 'undone' ? 'task.failed' : `task.${open}`;
  if (task.kind !== 'backup.verify' || !task.result) return `task.${task.status}`;
  return isDamaged(task) ? 'task.damaged' : 'task.whole';
}

export function outcomeTone(task: Task, standing?: Standing): Tone {
  const open = placing(task, standing);
  if (open) return open === 'undone' ? 'bad' : open === 'waiting' ? 'warn' : 'accent';
  return isDamaged(task) ? 'bad' : taskTones[task.status];
}

export function TaskDetails({ task, standing }: { task: Task; standing?: Standing }) {
  const { t } = useTranslation('health');
  const formats = useFormats();
  const faults = Array.isArray(task.result?.faults) ? (task.result.faults as { path: string; problem: string }[]) : [];
  const undo = typeof task.result?.undo === 'string' ? task.result.undo : '';
  return (
    <>
      {task.error && <p className="text-bad">{task.error}</p>}
      {placing(task, standing) === 'undone' && <p className="text-bad">{standing?.reason}</p>}
      {faults.map((fault) => (
        <p key={fault.path} className="text-bad text-xs">
          <span className="font-mono">{fault.path}</span> {fault.problem}
        </p>
      ))}
      {undo && !placing(task, standing) && <p className="text-ink-soft text-xs">{t('undoWith', { id: undo })}</p>}
      {task.log && task.log.length > 0 && (
        <ul className="grid max-h-48 gap-0.5 overflow-y-auto text-ink-soft text-xs">
          {task.log.map((line) => (
            <li key={`${line.at} ${line.text}`} className="flex gap-2">
              <span className="numbers text-ink-faint">{formats.time(line.at * 1000)}</span>
              <span className="min-w-0 break-words">{line.text}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
