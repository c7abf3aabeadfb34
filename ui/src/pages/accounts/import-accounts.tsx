import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Textarea } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { accountApi, accountsKey } from './api';

/** An export of Crawdad's or of another tool's, or any text with keys in it. */
export function ImportAccounts({ done }: { done(): void }) {
  const { t } = useTranslation('accounts');
  const [text, setText] = useState('');
  const take = useAction(() => accountApi.import(documentOf(text)), { refresh: [accountsKey] });
  if (take.data) {
    const { imported, skipped, failed, details } = take.data;
    return (
      <div className="grid gap-3 pb-3 text-sm">
        <p role="status">
          {imported + skipped + failed > 0 ? t('imported', { imported, skipped, failed }) : t('importedNone')}
        </p>
        {details.length > 0 && (
          <ul className="grid max-h-56 gap-1 overflow-y-auto rounded-md bg-sunken px-3 py-2 text-ink-soft text-xs">
            {details.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        <div className="flex justify-end gap-2">
          {imported === 0 && <Button onClick={take.reset}>{t('back')}</Button>}
          <Button look="primary" onClick={done}>
            {t('close')}
          </Button>
        </div>
      </div>
    );
  }
  return (
    <form
      className="grid gap-4 pb-3"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        take.mutate();
      }}
    >
      <Field label={t('importFile')} hint={t('importFile.hint')}>
        <Input
          type="file"
          accept=".json,.txt,application/json,text/plain"
          className="h-auto py-1.5"
          onChange={(event) => void event.target.files?.[0]?.text().then(setText)}
        />
      </Field>
      <Field label={t('importText')}>
        <Textarea
          spellCheck={false}
          autoComplete="off"
          className="min-h-28 font-mono text-xs"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      <div className="flex justify-end gap-2">
        <Button onClick={done}>{t('cancel')}</Button>
        <Button type="submit" look="primary" disabled={!text.trim()} busy={take.isPending}>
          {t('import.do')}
        </Button>
      </div>
    </form>
  );
}

/** What the gateway is given: the document, or the text as it is where it is none. */
function documentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
