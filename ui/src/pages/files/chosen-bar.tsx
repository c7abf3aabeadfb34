import { Download, FolderInput, Trash2, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { archiveOf, downloadOf, mostInArchive, useAgent, type WorkspaceFile } from './api';
import type { Deed } from './deeds';
import { useRemove } from './use-remove';

/** What can be done with several at once. */
export function ChosenBar({
  files,
  act,
  clear,
}: {
  files: readonly WorkspaceFile[];
  act(deed: Deed): void;
  clear(): void;
}) {
  const { t } = useTranslation('files');
  const agent = useAgent();
  const remove = useRemove();
  const paths = files.map((each) => each.path);
  const [only] = files;
  const address =
    files.length === 1 && only && !only.isDirectory ? downloadOf(agent, only.path) : archiveOf(agent, paths);
  return (
    <div className="flex flex-wrap items-center gap-2 rounded-lg border border-line bg-surface px-3 py-2">
      <p role="status" className="min-w-0 flex-1 basis-32 text-sm">
        {t('chosen', { count: files.length })}
      </p>
      {files.length > mostInArchive ? (
        <p className="text-ink-faint text-xs">{t('download.many', { count: mostInArchive })}</p>
      ) : (
        <Button asChild size="small">
          <a href={address} download>
            <Download aria-hidden />
            {t('download')}
          </a>
        </Button>
      )}
      <Button size="small" onClick={() => act({ kind: 'moveAll', path: paths[0] ?? '', paths })}>
        <FolderInput aria-hidden />
        {t('move.do')}
      </Button>
      <Button
        size="small"
        look="danger"
        onClick={() =>
          void remove(
            paths,
            files.some((each) => each.isDirectory),
          )
        }
      >
        <Trash2 aria-hidden />
        {t('delete')}
      </Button>
      <Button size="small-icon" look="quiet" aria-label={t('chosen.clear')} onClick={clear}>
        <X aria-hidden />
      </Button>
    </div>
  );
}
