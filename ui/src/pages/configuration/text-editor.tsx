import { lazy, type RefObject, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Contained } from '@/components/contained';
import { Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { patiently } from '@/lib/parts';
import type { Snapshot } from './api';
import { ReviewDialog } from './review-dialog';

const CodeEditor = lazy(() => patiently(() => import('@/components/code-editor')));

export interface TextDraft {
  base: Snapshot;
  text: string;
}

interface EditorProps {
  snapshot: Snapshot;
  readOnly: boolean;
  kept: RefObject<TextDraft | undefined>;
}

/** The file itself, comments and all. */
export function TextEditor({ snapshot, readOnly, kept }: EditorProps) {
  const { t } = useTranslation('configuration');
  const [base, setBase] = useState(kept.current?.base ?? snapshot);
  const [text, setText] = useState(kept.current?.text ?? snapshot.raw ?? '');
  const [review, setReview] = useState(false);
  const dirty = text !== (base.raw ?? '');
  const stale = snapshot.hash !== base.hash;

  useEffect(() => {
    kept.current = { base, text };
  }, [kept, base, text]);

  useEffect(() => {
    if (!stale || (dirty && text !== snapshot.raw)) return;
    setBase(snapshot);
    setText(snapshot.raw ?? '');
  }, [stale, dirty, text, snapshot]);

  return (
    <div className="grid gap-3">
      {stale && dirty && (
        <div role="alert" className="flex flex-wrap items-center gap-2 rounded-md bg-warn-wash px-3 py-2 text-sm">
          <p className="min-w-0 flex-1 basis-60">{t('changedMeanwhile')}</p>
          <Button
            size="small"
            onClick={() => {
              setBase(snapshot);
              setText(snapshot.raw ?? '');
            }}
          >
            {t('loadNewest')}
          </Button>
          <Button size="small" onClick={() => setBase(snapshot)}>
            {t('keepMine')}
          </Button>
        </div>
      )}
      <Card bodyClassName="p-0" className="overflow-hidden">
        <Contained>
          <Suspense fallback={<Skeleton lines={14} className="p-4" />}>
            <CodeEditor
              label={t('text')}
              value={text}
              onChange={setText}
              language="json"
              readOnly={readOnly}
              className="h-[60vh] min-h-72"
            />
          </Suspense>
        </Contained>
      </Card>
      <div className="flex flex-wrap items-center justify-end gap-2">
        <p className="min-w-0 flex-1 basis-60 text-ink-faint text-xs">{t('textNote')}</p>
        <Button disabled={!dirty} onClick={() => setText(base.raw ?? '')}>
          {t('discard')}
        </Button>
        <Button look="primary" disabled={!dirty || readOnly || stale} onClick={() => setReview(true)}>
          {t('review')}
        </Button>
      </div>
      {review && (
        <ReviewDialog
          before={base.raw ?? ''}
          after={text}
          write={{ method: 'config.set', raw: text }}
          hash={base.hash}
          close={() => setReview(false)}
          saved={() => setReview(false)}
        />
      )}
    </div>
  );
}
