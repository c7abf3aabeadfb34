import { Archive, ArchiveRestore, MoreHorizontal, Plus, ShieldCheck, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { callKey, control, useCall, useRefreshOn } from '@/client/control';
import { usePermission } from '@/client/session';
import { Empty, Loaded } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { Menu, MenuItem } from '@/components/ui/menu';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { type Backup, keys } from './api';
import { BackupDrawer } from './backup-drawer';
import { RestoreDialog } from './restore-dialog';
import { RunningTask } from './running-task';

const listKey = callKey('backups.list', {});

/** What was kept: made, looked through, compared, put back. */
export function Backups() {
  const { t } = useTranslation('health');
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const may = usePermission('system.manage');
  const list = useCall('backups.list', {});
  const [restoring, setRestoring] = useState<Backup>();
  useRefreshOn(['work'], [listKey, keys.tasks]);
  const begin = useAction((kind: 'full' | 'configuration') => control.call('backups.create', { kind }), {
    onDone: (task) => setSearch({ task: task.id }),
    refresh: [keys.tasks],
  });
  const verify = useAction((backup: Backup) => control.call('backups.verify', { id: backup.id }), {
    onDone: (task) => setSearch({ task: task.id }),
    refresh: [keys.tasks],
  });
  const remove = useAction((backup: Backup) => control.call('backups.delete', { ids: [backup.id] }), {
    done: () => t('backupDeleted'),
    onDone: () => setSearch({ id: undefined }),
    refresh: [listKey],
  });
  const askRemove = async (backup: Backup) => {
    const yes = await confirm({
      title: t('deleteBackup.title'),
      text: t('deleteBackup.text', { id: backup.id }),
      action: t('deleteBackup.do'),
    });
    if (yes) remove.mutate(backup);
  };
  const opened = list.data?.backups.find((backup) => backup.id === values.id);
  return (
    <div className="grid gap-4">
      {values.task && <RunningTask id={values.task} close={() => setSearch({ task: undefined })} />}
      <Card
        title={t('backups')}
        bodyClassName="p-0"
        aside={
          may && (
            <>
              <Button size="small" busy={begin.isPending} onClick={() => begin.mutate('configuration')}>
                {t('createConfiguration')}
              </Button>
              <Button look="primary" size="small" busy={begin.isPending} onClick={() => begin.mutate('full')}>
                <Plus aria-hidden />
                {t('createFull')}
              </Button>
            </>
          )
        }
      >
        <Loaded query={list}>
          {({ backups }) =>
            backups.length ? (
              <ul>
                {backups.map((backup) => (
                  <BackupRow
                    key={backup.id}
                    backup={backup}
                    open={() => setSearch({ id: backup.id })}
                    restore={may ? () => setRestoring(backup) : undefined}
                    verify={may ? () => verify.mutate(backup) : undefined}
                    remove={may ? () => void askRemove(backup) : undefined}
                  />
                ))}
              </ul>
            ) : (
              <Empty icon={Archive} title={t('noBackups')} text={t('noBackupsText')} />
            )
          }
        </Loaded>
      </Card>
      {opened && (
        <BackupDrawer
          backup={opened}
          close={() => setSearch({ id: undefined })}
          restore={may ? () => setRestoring(opened) : undefined}
        />
      )}
      {restoring && (
        <RestoreDialog
          backup={restoring}
          close={() => setRestoring(undefined)}
          begun={(task) => {
            setRestoring(undefined);
            setSearch({ id: undefined, task });
          }}
        />
      )}
    </div>
  );
}

interface RowProps {
  backup: Backup;
  open(): void;
  restore?: () => void;
  verify?: () => void;
  remove?: () => void;
}

function BackupRow({ backup, open, restore, verify, remove }: RowProps) {
  const { t } = useTranslation('health');
  const formats = useFormats();
  const at = formats.dateTime(backup.created_at * 1000);
  return (
    <li className="flex items-center gap-3 border-line border-b px-4 py-2.5 text-sm last:border-b-0">
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <button type="button" onClick={open} className="numbers rounded font-medium text-accent hover:underline">
            {at}
          </button>
          <Badge tone={backup.kind === 'full' ? 'accent' : 'neutral'}>{t(`kind.${backup.kind}`)}</Badge>
          {!backup.valid && <Badge tone="warn">{t('withErrors')}</Badge>}
        </div>
        <p className="text-ink-faint text-xs">
          {t(`reason.${backup.reason}`)} · {t('files', { count: backup.files, number: formats.number(backup.files) })} ·{' '}
          {formats.bytes(backup.size)} · <Ago at={backup.created_at * 1000} />
        </p>
      </div>
      {restore && (
        <Button size="small" onClick={restore} className="hidden sm:inline-flex">
          {t('restoreOpen')}
        </Button>
      )}
      {restore && verify && remove && (
        <Menu
          trigger={
            <Button look="quiet" size="small-icon" aria-label={t('actionsFor', { name: at })}>
              <MoreHorizontal aria-hidden />
            </Button>
          }
        >
          <MenuItem onSelect={open}>
            <Archive aria-hidden />
            {t('showContents')}
          </MenuItem>
          <MenuItem onSelect={verify}>
            <ShieldCheck aria-hidden />
            {t('verify')}
          </MenuItem>
          <MenuItem onSelect={restore}>
            <ArchiveRestore aria-hidden />
            {t('restoreOpen')}
          </MenuItem>
          <MenuItem tone="bad" onSelect={remove}>
            <Trash2 aria-hidden />
            {t('delete')}
          </MenuItem>
        </Menu>
      )}
    </li>
  );
}
