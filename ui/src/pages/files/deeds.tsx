import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSetSearch } from '@/app/links';
import { rest } from '@/client/rest';
import { wordsOf } from '@/client/words';
import { Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input, Textarea } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { useAgent, useNotes, workspaceKey } from './api';
import { folderOf, joined, nameOf } from './paths';

/** What is to be done in a window of its own. `path`: the folder of what is new, else what it is done to. */
export interface Deed {
  kind: 'folder' | 'file' | 'move' | 'copy' | 'note' | 'moveAll';
  path: string;
  /** Of `moveAll`: what goes to another folder. */
  paths?: readonly string[];
}

const refresh = [workspaceKey];

export function DeedDialog({ deed, close }: { deed: Deed; close(): void }) {
  if (deed.kind === 'note') return <Note path={deed.path} close={close} />;
  if (deed.kind === 'moveAll') return <MoveAll paths={deed.paths ?? []} close={close} />;
  return <Place deed={deed} kind={deed.kind} close={close} />;
}

/** Asks for a folder, and moves one after another. What could not be moved is told, and stays where it is. */
function MoveAll({ paths, close }: { paths: readonly string[]; close(): void }) {
  const { t } = useTranslation('files');
  const agent = useAgent();
  const [folder, setFolder] = useState(folderOf(paths[0] ?? ''));
  const run = useAction(
    async () => {
      const failed: string[] = [];
      for (const from of paths) {
        try {
          await rest.post('/api/workspace/move', {
            query: { agent },
            body: { from, to: joined(folder, nameOf(from)) },
          });
        } catch (fault) {
          failed.push(`${nameOf(from)}: ${wordsOf(fault, t)}`);
        }
      }
      if (failed.length) throw new Error(failed.join('\n'));
    },
    { refresh, silent: true, done: () => t('moveAll.done', { count: paths.length }), onDone: close },
  );
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={t('moveAll.title', { count: paths.length })}>
      <form
        className="grid gap-4 pb-3"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          run.mutate();
        }}
      >
        <Field label={t('folder')} hint={t('folder.hint')} error={run.error && wordsOf(run.error, t)}>
          <Input autoComplete="off" value={folder} onChange={(event) => setFolder(event.target.value)} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{t('cancel')}</Button>
          <Button
            type="submit"
            look="primary"
            busy={run.isPending}
            disabled={paths.every((each) => joined(folder, nameOf(each)) === each)}
          >
            {t('move.do')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface PlaceProps {
  deed: Deed;
  kind: 'folder' | 'file' | 'move' | 'copy';
  close(): void;
}

/** Asks for a name, and, of what is there already, for its folder. */
function Place({ deed: { path }, kind, close }: PlaceProps) {
  const { t } = useTranslation('files');
  const agent = useAgent();
  const setSearch = useSetSearch();
  const isNew = kind === 'folder' || kind === 'file';
  const [name, setName] = useState(isNew ? '' : nameOf(path));
  const [folder, setFolder] = useState(isNew ? path : folderOf(path));
  const target = joined(folder, name);
  const query = { agent };
  const run = useAction<void, unknown>(
    () => {
      if (kind === 'folder')
        return rest.post('/api/workspace/mkdir', { query, body: { path: folder, name: name.trim() } });
      if (kind === 'file')
        return rest.put('/api/workspace/file', { query, body: { path: target, content: '', baseHash: '' } });
      const body = { from: path, to: target };
      return kind === 'move'
        ? rest.post('/api/workspace/move', { query, body })
        : rest.post('/api/workspace/copy', { query, body });
    },
    {
      refresh,
      silent: true,
      done: () => (isNew ? undefined : t(`${kind}.done`, { name: target })),
      onDone: () => {
        setSearch({ file: kind === 'file' ? target : undefined });
        close();
      },
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) run.mutate();
  };
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={t(`${kind}.title`, { name: nameOf(path) })}>
      <form className="grid gap-4 pb-3" onSubmit={submit}>
        <Field label={t('name')} error={run.error && wordsOf(run.error, t)}>
          <Input autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        {!isNew && (
          <Field label={t('folder')} hint={t('folder.hint')}>
            <Input autoComplete="off" value={folder} onChange={(event) => setFolder(event.target.value)} />
          </Field>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{t('cancel')}</Button>
          <Button
            type="submit"
            look="primary"
            busy={run.isPending}
            disabled={!name.trim() || (!isNew && target === path)}
          >
            {t(`${kind}.do`)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Note({ path, close }: { path: string; close(): void }) {
  const { t } = useTranslation('files');
  const notes = useNotes();
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={t('note.title', { name: nameOf(path) })}
      description={t('note.text')}
    >
      <Loaded query={notes}>{(all) => <NoteForm path={path} note={all[path] ?? ''} close={close} />}</Loaded>
    </Dialog>
  );
}

function NoteForm({ path, note, close }: { path: string; note: string; close(): void }) {
  const { t } = useTranslation('files');
  const agent = useAgent();
  const [text, setText] = useState(note);
  const save = useAction(
    () => rest.put('/api/workspace/notes', { query: { agent }, body: { path, note: text.trim() } }),
    { refresh, done: () => t('saved'), onDone: close },
  );
  return (
    <form
      className="grid gap-4 pb-3"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Field label={t('note')}>
        <Textarea rows={4} value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
      <div className="flex justify-end gap-2">
        <Button onClick={close}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={save.isPending} disabled={text.trim() === note}>
          {t('save')}
        </Button>
      </div>
    </form>
  );
}
