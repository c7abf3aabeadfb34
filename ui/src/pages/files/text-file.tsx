import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/client/errors';
import { rest } from '@/client/rest';
import { wordsOf } from '@/client/words';
import { Contained } from '@/components/contained';
import { Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { readDraft, writeDraft } from '@/lib/drafts';
import { useFormats } from '@/lib/format';
import { patiently } from '@/lib/parts';
import { useAction } from '@/lib/use-action';
import { type Preview, previewKey, useAgent, workspaceKey } from './api';
import { languageOf, nameOf } from './paths';

const CodeEditor = lazy(() => patiently(() => import('@/components/code-editor')));

export const draftName = (agent: string, path: string) => `file:${agent}:${path}`;

type Text = Extract<Preview, { type: 'text' }>;
interface Base {
  content: string;
  hash?: string;
}

/** A text in the editor. What is not saved yet stays while the tab is open; a change by somebody else is told, not written over. */
export function TextFile({ path, text }: { path: string; text: Text }) {
  const { t } = useTranslation('files');
  const formats = useFormats();
  const agent = useAgent();
  const queries = useQueryClient();
  const draft = draftName(agent, path);
  const kept = readDraft(draft);
  const [base, setBase] = useState<Base>({ content: text.content, hash: kept ? readDraft(`${draft}#`) : text.hash });
  const [now, setNow] = useState(kept || text.content);
  const changed = now !== base.content;
  const keep = (next: string, hash?: string) => {
    writeDraft(draft, next);
    writeDraft(`${draft}#`, next && hash ? hash : '');
  };
  const take = (next: Base) => {
    setBase(next);
    setNow(next.content);
    keep('');
  };
  // What others write is shown for as long as nothing is changed here.
  useEffect(() => {
    if (changed || text.hash === base.hash) return;
    setBase(text);
    setNow(text.content);
  }, [text, changed, base.hash]);

  const save = useAction<boolean, { hash: string; file: { size: number } }>(
    (overwrite) =>
      rest.put<{ hash: string; file: { size: number } }>('/api/workspace/file', {
        query: { agent },
        body: { path, content: now, ...(overwrite ? {} : { baseHash: base.hash }) },
      }),
    {
      silent: true,
      done: () => t('saved'),
      onDone: ({ hash, file }) => {
        const kept: Text = { ...text, content: now, hash, size: file.size };
        queries.setQueryData(previewKey(agent, path), kept);
        take({ content: now, hash });
        void queries.invalidateQueries({ queryKey: workspaceKey });
      },
    },
  );
  const conflict = save.error instanceof ApiError && save.error.status === 409;
  const discard = async () => {
    const sure = await confirm({
      title: t('discard.title', { name: nameOf(path) }),
      text: t('discard.text'),
      action: t('discard'),
    });
    if (!sure) return;
    save.reset();
    await queries.refetchQueries({ queryKey: previewKey(agent, path) });
    const found = queries.getQueryData<Preview>(previewKey(agent, path));
    take(found?.type === 'text' ? found : text);
  };
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <p className="min-w-0 flex-1 text-ink-faint text-xs">
          {formats.bytes(text.size)} · {text.encoding}
        </p>
        {changed && (
          <Button size="small" onClick={() => void discard()}>
            {t('discard')}
          </Button>
        )}
        {!text.truncated && (
          <Button
            size="small"
            look="primary"
            busy={save.isPending}
            disabled={!changed}
            onClick={() => save.mutate(false)}
          >
            {t('save')}
          </Button>
        )}
      </div>
      {text.truncated && <p className="rounded-md bg-warn-wash px-3 py-2 text-sm">{t('tooLong')}</p>}
      {save.error && (
        <div role="alert" className="flex flex-wrap items-center gap-2 rounded-md bg-bad-wash px-3 py-2 text-sm">
          <p className="min-w-0 flex-1 basis-48 break-words">{wordsOf(save.error, t)}</p>
          {conflict && (
            <>
              <Button size="small" onClick={() => void discard()}>
                {t('takeTheirs')}
              </Button>
              <Button size="small" look="danger" onClick={() => save.mutate(true)}>
                {t('takeMine')}
              </Button>
            </>
          )}
        </div>
      )}
      <div className="overflow-hidden rounded-md border border-line">
        <Contained>
          <Suspense fallback={<Skeleton lines={10} className="p-4" />}>
            <CodeEditor
              label={t('editorOf', { name: nameOf(path) })}
              value={now}
              readOnly={text.truncated}
              onChange={(next) => {
                setNow(next);
                keep(next === base.content ? '' : next, base.hash);
              }}
              onSave={() => changed && save.mutate(false)}
              language={languageOf(path)}
              className="h-[55vh]"
            />
          </Suspense>
        </Contained>
      </div>
    </>
  );
}
