import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createStore, useStore } from '@/lib/store';
import { Button } from './button';
import { Dialog } from './dialog';
import { Field } from './field';
import { Input } from './input';

interface Question {
  title: string;
  text?: ReactNode;
  /** What the button that does it says: the deed, not "OK". */
  action: string;
  tone?: 'danger' | 'primary';
  /** Has to be typed before it can be done, where there is no way back. */
  typed?: string;
}

const asked = createStore<(Question & { answer(yes: boolean): void }) | null>(null);

/** Ask before something that cannot be undone. */
export function confirm(question: Question): Promise<boolean> {
  asked.get()?.answer(false);
  return new Promise((resolve) => {
    asked.set({
      ...question,
      answer(yes) {
        asked.set(null);
        resolve(yes);
      },
    });
  });
}

export function ConfirmDialog() {
  const question = useStore(asked);
  return question && <Asked key={question.title} question={question} answer={question.answer} />;
}

function Asked({ question, answer }: { question: Question; answer(yes: boolean): void }) {
  const { t } = useTranslation('common');
  const [typed, setTyped] = useState('');
  return (
    <Dialog
      open
      guarded={false}
      onOpenChange={(open) => open || answer(false)}
      title={question.title}
      description={question.text}
      footer={
        <>
          <Button onClick={() => answer(false)}>{t('cancel')}</Button>
          <Button
            look={question.tone ?? 'danger'}
            disabled={question.typed !== undefined && typed !== question.typed}
            onClick={() => answer(true)}
          >
            {question.action}
          </Button>
        </>
      }
    >
      {question.typed !== undefined && (
        <Field label={t('typeToConfirm', { text: question.typed })}>
          <Input autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
        </Field>
      )}
    </Dialog>
  );
}
