import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { session } from '@/client/session';
import { toast } from '@/components/ui/toasts';
import type { FormDraft } from './settings-form';
import type { TextDraft } from './text-editor';

/** What is being written, of both views. It outlives the page, and nothing else: settings may hold secrets. */
export const drafts: { form: { current: FormDraft | undefined }; text: { current: TextDraft | undefined } } = {
  form: { current: undefined },
  text: { current: undefined },
};

export function forgetDrafts(): void {
  drafts.form.current = undefined;
  drafts.text.current = undefined;
}

session.subscribe(() => {
  if (session.get() === null) forgetDrafts();
});

/** Whether something is written that is not in the file. Pure. */
export const isUnsaved = ({ form, text }: { form?: FormDraft; text?: TextDraft }): boolean =>
  (form !== undefined && JSON.stringify(form.base.parsed) !== JSON.stringify(form.draft)) ||
  (text !== undefined && text.text !== (text.base.raw ?? ''));

const unsavedNow = (): boolean => isUnsaved({ form: drafts.form.current, text: drafts.text.current });

/** Whoever closes the tab, or loads it anew, is asked as long as something is unsaved, on whatever page. */
const ask = (event: BeforeUnloadEvent): void => {
  if (unsavedNow()) event.preventDefault();
};

let watching = false;

/** Nothing that is written is lost by going to another page, which is said; closing the tab loses it, which is asked. */
export function useLeaveGuard(): void {
  const { t } = useTranslation('configuration');
  const words = useRef('');
  useEffect(() => {
    words.current = t('kept');
  }, [t]);
  useEffect(() => {
    if (!watching) window.addEventListener('beforeunload', ask);
    watching = true;
    return () => {
      if (unsavedNow()) toast.note(words.current);
    };
  }, []);
}
