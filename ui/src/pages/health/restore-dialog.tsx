import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control } from '@/client/control';
import { Failed } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { type Backup, type BackupPart, keys } from './api';
import { Differences } from './backup-drawer';

interface RestoreProps {
  backup: Backup;
  close(): void;
  begun(task: string): void;
}

/** Which parts are put back, what that changes, and that there is a way back. */
export function RestoreDialog({ backup, close, begun }: RestoreProps) {
  const { t } = useTranslation('health');
  const formats = useFormats();
  const [parts, setParts] = useState<readonly BackupPart[]>(backup.parts.filter((part) => part === 'config'));
  const restore = useAction(
    () =>
      control.call('backups.restore', { id: backup.id, parts: backup.parts.filter((part) => parts.includes(part)) }),
    { onDone: (task) => begun(task.id), refresh: [keys.tasks], silent: true },
  );
  const heavy = parts.some((part) => part !== 'config' && part !== 'cron');
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      shape="wide"
      title={t('restoreTitle', { time: formats.dateTime(backup.created_at * 1000) })}
      description={t('restoreText')}
      footer={
        <>
          <Button onClick={close}>{t('cancel')}</Button>
          <Button look="danger" disabled={!parts.length} busy={restore.isPending} onClick={() => restore.mutate()}>
            {t('restoreDo')}
          </Button>
        </>
      }
    >
      <div className="grid gap-4">
        <fieldset className="grid gap-2">
          <legend className="mb-1 font-medium text-sm">{t('whichParts')}</legend>
          {backup.parts.map((part) => (
            <Choice
              key={part}
              label={t(`backupPart.${part}`)}
              hint={t(`backupPart.${part}.text`)}
              checked={parts.includes(part)}
              set={(on) => setParts(on ? [...parts, part] : parts.filter((each) => each !== part))}
            />
          ))}
        </fieldset>
        {heavy && <p className="rounded-md bg-warn-wash px-3 py-2 text-sm">{t('restoreHeavy')}</p>}
        {restore.isError && <Failed error={restore.error} />}
        {parts.includes('config') && (
          <section className="grid gap-2">
            <h3 className="font-medium text-sm">{t('sinceThen')}</h3>
            <Differences id={backup.id} />
          </section>
        )}
      </div>
    </Dialog>
  );
}

interface ChoiceProps {
  label: string;
  hint: string;
  checked: boolean;
  set(on: boolean): void;
}

function Choice({ label, hint, checked, set }: ChoiceProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5 text-sm">
      <input
        id={id}
        type="checkbox"
        className="mt-0.5 size-4 accent-accent"
        aria-describedby={`${id}-hint`}
        checked={checked}
        onChange={(event) => set(event.target.checked)}
      />
      <div>
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <p id={`${id}-hint`} className="text-ink-faint text-xs">
          {hint}
        </p>
      </div>
    </div>
  );
}
