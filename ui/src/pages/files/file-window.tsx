import { Download, FileQuestion, StickyNote } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSetSearch } from '@/app/links';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { useFormats } from '@/lib/format';
import { downloadOf, useAgent, useNotes, usePreview } from './api';
import type { Deed } from './deeds';
import { FileMenu } from './file-menu';
import { folderOf, nameOf } from './paths';
import { TextFile } from './text-file';

/** One file: its text to be changed, or its picture. */
export function FileWindow({ path, act }: { path: string; act(deed: Deed): void }) {
  const { t } = useTranslation('files');
  const formats = useFormats();
  const agent = useAgent();
  const setSearch = useSetSearch();
  const query = usePreview(path);
  const note = useNotes().data?.[path];
  const name = nameOf(path);
  const close = () => setSearch({ file: undefined });
  const download = (
    <Button asChild size="small">
      <a href={downloadOf(agent, path)} download={name}>
        <Download aria-hidden />
        {t('download')}
      </a>
    </Button>
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={<span className="break-all">{name}</span>}
      description={folderOf(path) || t('root')}
      shape="wide"
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3 pb-4">
        <div className="flex flex-wrap items-center gap-2">
          {download}
          <FileMenu file={{ name, path, isDirectory: false }} act={act} />
          {note && (
            <p className="flex min-w-0 flex-1 items-center gap-1.5 text-ink-soft text-sm">
              <StickyNote aria-hidden className="size-4 shrink-0 text-ink-faint" />
              <span className="min-w-0 break-words">{note}</span>
            </p>
          )}
        </div>
        <Loaded query={query} skeleton={<Skeleton lines={10} />}>
          {(preview) => {
            if (preview.type === 'picture')
              return (
                <div className="grid justify-items-center rounded-md bg-sunken p-3">
                  <img src={preview.address} alt={name} className="max-h-[60vh] max-w-full object-contain" />
                </div>
              );
            if (preview.type === 'none')
              return <Empty icon={FileQuestion} title={preview.why} text={formats.bytes(preview.size)} />;
            return <TextFile path={path} text={preview} />;
          }}
        </Loaded>
      </div>
    </Dialog>
  );
}
