import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { callKey, control } from '@/client/control';
import { wordsOf } from '@/client/words';
import { Diff } from '@/components/diff';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { lineDiff } from '@/lib/line-diff';
import { useAction } from '@/lib/use-action';
import { issuesOf } from './api';
import { IssueList } from './issue-list';

interface ReviewProps {
  before: string;
  after: string;
  write: { method: 'config.patch' | 'config.set'; raw: string };
  /** Of the text that it was made from. */
  hash: string;
  note?: string;
  /** Places that the form finds wrong. */
  problems?: readonly string[];
  close(): void;
  saved(): void;
}

/** What is about to be written, before it is; and what the gateway says where it does not take it. */
export function ReviewDialog({ before, after, write, hash, note, problems = [], close, saved }: ReviewProps) {
  const { t } = useTranslation('configuration');
  const diff = useMemo(() => lineDiff(before, after), [before, after]);
  const save = useAction(() => control.call(write.method, { raw: write.raw, baseHash: hash }), {
    done: () => t('savedAndActive'),
    refresh: [callKey('config.get')],
    onDone: saved,
    silent: true,
  });
  const issues = save.isError ? issuesOf(save.error) : [];
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      shape="wide"
      title={t('reviewTitle')}
      description={t('reviewText')}
      footer={
        <>
          <Button onClick={close}>{t('goOn')}</Button>
          <Button look="primary" disabled={!diff} busy={save.isPending} onClick={() => save.mutate()}>
            {t('saveNow')}
          </Button>
        </>
      }
    >
      <div className="grid gap-3">
        {save.isError && (
          <IssueList
            bad
            title={t('notSaved')}
            issues={issues.length ? issues : [{ message: wordsOf(save.error, t) }]}
          />
        )}
        {problems.length > 0 && (
          <IssueList title={t('looksWrong')} issues={problems.map((path) => ({ path, message: '' }))} />
        )}
        {note && <p className="rounded-md bg-warn-wash px-3 py-2 text-sm">{note}</p>}
        {diff ? (
          <Diff text={diff} label={t('reviewTitle')} className="max-h-[50vh]" />
        ) : (
          <p className="text-ink-soft text-sm">{t('nothingChanged')}</p>
        )}
      </div>
    </Dialog>
  );
}
