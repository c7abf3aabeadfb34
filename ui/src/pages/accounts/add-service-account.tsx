import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Textarea } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { accountApi, accountsKey } from './api';
import { serviceAccountOf } from './state';

/** A service account of Google Cloud, by the file with its key. */
export function AddServiceAccount({ done }: { done(): void }) {
  const { t } = useTranslation('accounts');
  const common = useTranslation('common').t;
  const [text, setText] = useState('');
  const [project, setProject] = useState('');
  const [location, setLocation] = useState('');
  const [unchecked, setUnchecked] = useState(false);
  const found = serviceAccountOf(text);
  const add = useAction(
    () =>
      accountApi.add({
        serviceAccountJson: text.trim(),
        project: project.trim() || undefined,
        location: location.trim() || undefined,
        validate: !unchecked,
      }),
    { refresh: [accountsKey], silent: true, done: (account) => t('added', { name: account.email }), onDone: done },
  );
  return (
    <form
      className="grid gap-4 pb-3"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <p className="text-ink-soft text-sm">{t('service.about')}</p>
      <Field label={t('service.file')}>
        <Input
          type="file"
          accept=".json,application/json"
          className="h-auto py-1.5"
          onChange={(event) => void event.target.files?.[0]?.text().then(setText)}
        />
      </Field>
      <Field
        label={t('service.text')}
        error={text.trim() && !found ? t('service.wrong') : undefined}
        hint={found ? t('service.found', { name: found.email, project: found.project }) : undefined}
      >
        <Textarea
          spellCheck={false}
          autoComplete="off"
          className="min-h-24 font-mono text-xs"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t('service.project')} hint={t('service.project.hint')}>
          <Input autoComplete="off" value={project} onChange={(event) => setProject(event.target.value)} />
        </Field>
        <Field label={t('service.location')} hint={t('service.location.hint')}>
          <Input autoComplete="off" value={location} onChange={(event) => setLocation(event.target.value)} />
        </Field>
      </div>
      <label className="flex items-start gap-2 text-sm">
        <input
          type="checkbox"
          className="mt-0.5 accent-accent"
          checked={unchecked}
          onChange={(event) => setUnchecked(event.target.checked)}
        />
        <span>
          {t('unchecked')}
          <span className="block text-ink-faint text-xs">{t('unchecked.hint')}</span>
        </span>
      </label>
      {add.isError && (
        <p role="alert" className="rounded-md bg-bad-wash px-3 py-2 text-sm">
          {wordsOf(add.error, common)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={done}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={add.isPending} disabled={!found}>
          {unchecked ? t('addUnchecked') : t('addAndCheck')}
        </Button>
      </div>
    </form>
  );
}
