import { FilePlus, FolderOpen, FolderPlus, Upload } from 'lucide-react';
import { type ChangeEvent, type DragEvent, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useGo, useSearchValues, useSetSearch } from '@/app/links';
import { DataTable } from '@/components/data-table';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { SearchField } from '@/components/ui/search-field';
import { cn } from '@/lib/cn';
import { useAgent, useListing, type WorkspaceFile } from './api';
import { Breadcrumbs } from './breadcrumbs';
import { ChosenBar } from './chosen-bar';
import { useColumns } from './columns';
import { type Deed, DeedDialog } from './deeds';
import { FileWindow } from './file-window';
import { inOrder } from './order';
import { upload } from './uploads';

const nothing: ReadonlySet<string> = new Set();

/** What lies in a folder. Files may be dropped on it. */
export function Folder({ path }: { path: string }) {
  const { t, i18n } = useTranslation('files');
  const language = i18n.language;
  const agent = useAgent();
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const go = useGo();
  const query = useListing(path);
  const [deed, setDeed] = useState<Deed>();
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(nothing);
  const words = (search.q ?? '').toLowerCase();
  const shown = useMemo(() => {
    const files = inOrder(query.data?.files ?? [], language);
    return words ? files.filter((each) => each.name.toLowerCase().includes(words)) : files;
  }, [query.data, words, language]);
  // What is hidden or gone is not touched by what is done to the chosen ones.
  const taken = useMemo(() => shown.filter((each) => chosen.has(each.path)), [shown, chosen]);
  const choice = useMemo(
    () => ({
      chosen,
      choose: (one: string, on: boolean) =>
        setChosen((before) => new Set(on ? [...before, one] : [...before].filter((each) => each !== one))),
      all: shown.length > 0 && taken.length === shown.length,
      chooseAll: (on: boolean) => setChosen(on ? new Set(shown.map((each) => each.path)) : nothing),
    }),
    [chosen, shown, taken],
  );
  const columns = useColumns(setDeed, choice);
  const open = (file: WorkspaceFile) =>
    file.isDirectory
      ? go({ to: '/files', search: { agent: agent || undefined, path: file.path } })
      : setSearch({ file: file.path });
  const picked = (event: ChangeEvent<HTMLInputElement>) => {
    upload(agent, path, event.target.files ?? []);
    event.target.value = '';
  };
  const dragged = (event: DragEvent, is: boolean) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(is);
  };
  const dropped = (event: DragEvent) => {
    dragged(event, false);
    upload(agent, path, event.dataTransfer.files);
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <Breadcrumbs path={path} />
        <Button onClick={() => setDeed({ kind: 'folder', path })}>
          <FolderPlus aria-hidden />
          {t('newFolder')}
        </Button>
        <Button onClick={() => setDeed({ kind: 'file', path })}>
          <FilePlus aria-hidden />
          {t('newFile')}
        </Button>
        <Button look="primary" onClick={() => picker.current?.click()}>
          <Upload aria-hidden />
          {t('upload')}
        </Button>
        <input ref={picker} type="file" multiple hidden data-upload aria-label={t('upload')} onChange={picked} />
      </div>
      <SearchField label={t('filterNames')} className="sm:w-72" value={search.q} onValue={(q) => setSearch({ q })} />
      {taken.length > 0 && <ChosenBar files={taken} act={setDeed} clear={() => setChosen(nothing)} />}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button beside it does the same for the keyboard */}
      <div
        onDragOver={(event) => dragged(event, true)}
        onDragLeave={(event) => dragged(event, false)}
        onDrop={dropped}
        className={cn('rounded-lg', over && 'outline-2 outline-accent outline-dashed outline-offset-2')}
      >
        <Card bodyClassName="p-0">
          <Loaded query={query} skeleton={<Skeleton lines={8} className="p-4" />}>
            {({ files, total, truncated }) => (
              <>
                <DataTable
                  key={path}
                  label={t('filesOf', { name: path || t('root') })}
                  columns={columns}
                  rows={shown}
                  rowId={(row) => row.path}
                  opened={search.file}
                  onOpen={open}
                  rowHeight={44}
                  className="max-h-[65vh]"
                  empty={
                    files.length ? (
                      <Empty title={t('nothingFound')} />
                    ) : (
                      <Empty icon={FolderOpen} title={t('empty.title')} text={t('empty.text')} />
                    )
                  }
                />
                {truncated && <p className="px-4 py-2 text-ink-faint text-xs">{t('truncated', { count: total })}</p>}
              </>
            )}
          </Loaded>
        </Card>
      </div>
      {search.file && <FileWindow key={search.file} path={search.file} act={setDeed} />}
      {deed && <DeedDialog key={`${deed.kind} ${deed.path}`} deed={deed} close={() => setDeed(undefined)} />}
    </div>
  );
}
