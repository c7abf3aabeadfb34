import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCall } from '@/client/control';
import { CopyBlock } from '@/components/copy-button';
import { Diff } from '@/components/diff';
import { Facts } from '@/components/facts';
import { Loaded } from '@/components/states';
import { Moment } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { useFormats } from '@/lib/format';
import type { Backup, Comparison } from './api';

/** What a backup holds, and what has changed since. */
export function BackupDrawer({ backup, close, restore }: { backup: Backup; close(): void; restore?: () => void }) {
  const { t } = useTranslation('health');
  const formats = useFormats();
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      shape="drawer-right"
      title={t('backupOf', { time: formats.dateTime(backup.created_at * 1000) })}
      footer={restore && <Button onClick={restore}>{t('restoreOpen')}</Button>}
    >
      <div className="grid gap-5 pb-4">
        <Facts
          facts={[
            [
              t('name'),
              <span key="id" className="font-mono text-xs">
                {backup.id}
              </span>,
            ],
            [t('made'), <Moment key="made" at={backup.created_at * 1000} />],
            [t('why'), t(`reason.${backup.reason}`)],
            [t('parts'), backup.parts.map((part) => t(`backupPart.${part}`)).join(t('comma'))],
            [t('size'), formats.bytes(backup.size)],
            [t('ofVersion'), backup.version],
          ]}
        />
        <section className="grid gap-2">
          <h3 className="font-medium text-sm">{t('sinceThen')}</h3>
          <Differences id={backup.id} />
        </section>
        <Contents id={backup.id} />
        <section className="grid gap-1">
          <h3 className="font-medium text-sm">{t('elsewhere')}</h3>
          <p className="text-ink-soft text-xs">{t('elsewhereText')}</p>
          <CopyBlock text={`crawdad backup export ${backup.id} all.backup --encrypt`} />
        </section>
      </div>
    </Dialog>
  );
}

/** From a backup to what is there now. */
export function Differences({ id }: { id: string }) {
  const query = useCall('backups.diff', { id });
  return <Loaded query={query}>{(found) => <Shown found={found} />}</Loaded>;
}

function Shown({ found }: { found: Comparison }) {
  const { t } = useTranslation('health');
  return (
    <div className="grid gap-2">
      {found.diff ? (
        <>
          <p className="text-ink-faint text-xs">{t('diffNote')}</p>
          <Diff text={found.diff} label={t('sinceThen')} className="max-h-80" />
        </>
      ) : (
        <p className="text-ink-soft text-sm">{t(found.secrets_differ ? 'onlySecrets' : 'noDifference')}</p>
      )}
      {found.diff && found.secrets_differ && <p className="text-ink-soft text-xs">{t('secretsToo')}</p>}
      {found.truncated && <p className="text-ink-soft text-xs">{t('cut')}</p>}
    </div>
  );
}

const FIRST = 100;

function Contents({ id }: { id: string }) {
  const { t } = useTranslation('health');
  const formats = useFormats();
  const [open, setOpen] = useState(false);
  const query = useCall('backups.show', { id }, { enabled: open });
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="font-medium text-sm">{t('contents')}</summary>
      {open && (
        <div className="mt-2">
          <Loaded query={query}>
            {({ files_kept: files, left_out: leftOut }) => (
              <>
                <ul className="grid gap-0.5 font-mono text-xs">
                  {files.slice(0, FIRST).map((file) => (
                    <li key={file.path} className="flex gap-3">
                      <span className="min-w-0 flex-1 break-all">{file.path}</span>
                      <span className="numbers text-ink-faint">{formats.bytes(file.size)}</span>
                    </li>
                  ))}
                </ul>
                {files.length > FIRST && (
                  <p className="mt-1 text-ink-faint text-xs">{t('moreFiles', { count: files.length - FIRST })}</p>
                )}
                {leftOut.length > 0 && (
                  <p className="mt-2 break-all text-ink-soft text-xs">
                    {t('leftOut', { names: leftOut.slice(0, 20).join(t('comma')) })}
                  </p>
                )}
              </>
            )}
          </Loaded>
        </div>
      )}
    </details>
  );
}
