import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { callKey, control, useCall } from '@/client/control';
import { Contained } from '@/components/contained';
import { Loaded, Skeleton } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { cn } from '@/lib/cn';
import { readDraft, writeDraft } from '@/lib/drafts';
import { useFormats } from '@/lib/format';
import { patiently } from '@/lib/parts';
import { useAction } from '@/lib/use-action';
import { filesKey } from './data';

const CodeEditor = lazy(() => patiently(() => import('@/components/code-editor')));

/** The files that make an agent what it is. */
export function Files({ id }: { id: string }) {
  const { t } = useTranslation('agents');
  const formats = useFormats();
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const query = useCall('agents.files.list', { agentId: id });
  const opened = search.file ?? 'AGENTS.md';
  return (
    <Loaded query={query}>
      {({ files, workspace }) => (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-[16rem_minmax(0,1fr)]">
          <nav aria-label={t('files')}>
            <ul className="flex gap-1 overflow-x-auto lg:grid">
              {files.map((file) => (
                <li key={file.name} className="shrink-0">
                  <button
                    type="button"
                    aria-current={file.name === opened}
                    onClick={() => setSearch({ file: file.name })}
                    className={cn(
                      'w-full rounded-md px-3 py-1.5 text-left text-sm',
                      file.name === opened ? 'bg-accent-wash text-ink' : 'text-ink-soft hover:bg-sunken',
                    )}
                  >
                    <span className="flex items-center gap-2 font-medium">
                      {file.name}
                      {readDraft(draftName(id, file.name)) && <Badge tone="warn">{t('unsaved')}</Badge>}
                    </span>
                    <span className="text-ink-faint text-xs max-lg:hidden">
                      {file.missing ? t('missing') : formats.bytes(file.size ?? 0)}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
            <p className="mt-3 break-all font-mono text-ink-faint text-xs max-lg:hidden">{workspace}</p>
          </nav>
          <Opened key={`${id}/${opened}`} id={id} name={opened} />
        </div>
      )}
    </Loaded>
  );
}

const draftName = (id: string, name: string) => `agent:${id}:${name}`;

function Opened({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation('agents');
  const params = { agentId: id, name };
  const query = useCall('agents.files.get', params, { staleTime: 0 });
  return (
    <Loaded query={query}>
      {({ file }) => (
        <Editor
          key={file.updatedAtMs ?? 0}
          id={id}
          name={name}
          content={file.content ?? ''}
          at={file.updatedAtMs}
          hint={t(`file.${name}`, { defaultValue: '' })}
        />
      )}
    </Loaded>
  );
}

interface EditorProps {
  id: string;
  name: string;
  content: string;
  at?: number;
  hint: string;
}

function Editor({ id, name, content, at, hint }: EditorProps) {
  const { t } = useTranslation('agents');
  const draft = draftName(id, name);
  const [text, setText] = useState(() => readDraft(draft) || content);
  const changed = text !== content;
  const save = useAction(() => control.call('agents.files.set', { agentId: id, name, content: text }), {
    refresh: [filesKey, callKey('agents.files.get')],
    done: () => t('saved'),
    onDone: () => writeDraft(draft, ''),
  });
  const change = (next: string) => {
    setText(next);
    writeDraft(draft, next === content ? '' : next);
  };
  const undo = async () => {
    const sure = await confirm({ title: t('discard.title', { name }), text: t('discard.text'), action: t('discard') });
    if (!sure) return;
    writeDraft(draft, '');
    setText(content);
  };
  return (
    <Card
      title={name}
      aside={
        <>
          {at && (
            <span className="text-ink-faint text-xs max-sm:hidden">
              {t('changedAt')} <Ago at={at} />
            </span>
          )}
          {changed && (
            <Button size="small" onClick={() => void undo()}>
              {t('discard')}
            </Button>
          )}
          <Button size="small" look="primary" busy={save.isPending} disabled={!changed} onClick={() => save.mutate()}>
            {t('save')}
          </Button>
        </>
      }
      bodyClassName="p-0"
    >
      {hint && <p className="border-line border-b px-4 py-2 text-ink-soft text-sm">{hint}</p>}
      <Contained>
        <Suspense fallback={<Skeleton lines={10} className="p-4" />}>
          <CodeEditor
            label={t('editorOf', { name })}
            value={text}
            onChange={change}
            onSave={() => changed && save.mutate()}
            language="markdown"
            className="h-[60vh]"
          />
        </Suspense>
      </Contained>
    </Card>
  );
}
