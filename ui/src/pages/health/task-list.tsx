import { ListChecks } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useRefreshOn } from '@/client/control';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { Meter } from '@/components/bars';
import { Empty, Loaded } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { keys, switchOf, type Task, useStanding, useTasks } from './api';
import { outcomeOf, outcomeTone, TaskDetails } from './running-task';

/** Work that takes a while, the newest first. */
export function TaskList() {
  const { t } = useTranslation('health');
  const tasks = useTasks();
  useRefreshOn(['work'], [keys.tasks]);
  return (
    <Card title={t('tasks')} bodyClassName="p-0">
      <Loaded query={tasks}>
        {(found) =>
          found.length ? (
            <ul>
              {found.map((task) => (
                <TaskRow key={task.id} task={task} />
              ))}
            </ul>
          ) : (
            <Empty icon={ListChecks} title={t('noTasks')} text={t('noTasksText')} />
          )
        }
      </Loaded>
    </Card>
  );
}

function TaskRow({ task }: { task: Task }) {
  const { t } = useTranslation('health');
  const formats = useFormats();
  const standing = useStanding(switchOf(task));
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const may = usePermission('system.manage');
  const cancel = useAction(() => rest.post('/api/tasks/{task_id}/cancel', { path: { task_id: task.id } }), {
    refresh: [keys.tasks],
  });
  const open = values.task === task.id;
  return (
    <li className="grid gap-2 border-line border-b px-4 py-2.5 text-sm last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <button
          type="button"
          aria-expanded={open}
          className="min-w-0 flex-1 basis-52 rounded text-left font-medium hover:text-accent"
          onClick={() => setSearch({ task: open ? undefined : task.id })}
        >
          {task.title}
        </button>
        <Badge tone={outcomeTone(task, standing)}>{t(outcomeOf(task, standing))}</Badge>
        <span className="numbers text-ink-faint text-xs">
          <Ago at={task.startedAt * 1000} />
          {task.endedAt !== null && ` · ${formats.duration((task.endedAt - task.startedAt) * 1000)}`}
        </span>
        {task.status === 'running' && may && (
          <Button size="small" busy={cancel.isPending} onClick={() => cancel.mutate()}>
            {t('stopTask')}
          </Button>
        )}
      </div>
      {task.status === 'running' && <Meter share={task.progress / 100} label={task.title} tone="good" />}
      {open && <TaskDetails task={task} standing={standing} />}
    </li>
  );
}
