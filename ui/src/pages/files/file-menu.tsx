import { Copy, Download, FolderInput, MoreHorizontal, StickyNote, Trash2 } from 'lucide-react';
import type { MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Menu, MenuItem, MenuLine } from '@/components/ui/menu';
import { downloadOf, useAgent } from './api';
import type { Deed } from './deeds';
import { useRemove } from './use-remove';

/** What can be done with one file or folder. A click in it does not open the row around it. */
export function FileMenu({
  file,
  act,
}: {
  file: { name: string; path: string; isDirectory: boolean };
  act(deed: Deed): void;
}) {
  const { t } = useTranslation('files');
  const agent = useAgent();
  const remove = useRemove();
  const still = (event: MouseEvent) => event.stopPropagation();
  return (
    <Menu
      trigger={
        <Button look="quiet" size="small-icon" aria-label={t('actionsFor', { name: file.name })} onClick={still}>
          <MoreHorizontal aria-hidden />
        </Button>
      }
    >
      {!file.isDirectory && (
        <MenuItem asChild onClick={still}>
          <a href={downloadOf(agent, file.path)} download={file.name}>
            <Download aria-hidden />
            {t('download')}
          </a>
        </MenuItem>
      )}
      <MenuItem onClick={still} onSelect={() => act({ kind: 'move', path: file.path })}>
        <FolderInput aria-hidden />
        {t('move')}
      </MenuItem>
      <MenuItem onClick={still} onSelect={() => act({ kind: 'copy', path: file.path })}>
        <Copy aria-hidden />
        {t('duplicate')}
      </MenuItem>
      <MenuItem onClick={still} onSelect={() => act({ kind: 'note', path: file.path })}>
        <StickyNote aria-hidden />
        {t('note')}
      </MenuItem>
      <MenuLine />
      <MenuItem tone="bad" onClick={still} onSelect={() => void remove([file.path], file.isDirectory)}>
        <Trash2 aria-hidden />
        {t('delete')}
      </MenuItem>
    </Menu>
  );
}
