import { Plus, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Listed } from './listed';

interface AliasesProps {
  aliases: Record<string, string>;
  fallback: string | undefined;
  write: boolean;
  busy: boolean;
  save(patch: Record<string, unknown>, words: string, done?: () => void): void;
}

/** Names of one's own, and where unknown names go. */
export function Aliases({ aliases, fallback, write, busy, save }: AliasesProps) {
  const { t } = useTranslation('models');
  const [name, setName] = useState('');
  const [target, setTarget] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save({ aliases: { [name.trim()]: target.trim() } }, t('added', { name: name.trim() }), () => {
      setName('');
      setTarget('');
    });
  };
  return (
    <Card title={t('aliases')} bodyClassName="p-0">
      <ul className="divide-y divide-line">
        {Object.entries(aliases).map(([alias, model]) => (
          <li key={alias} className="flex min-h-10 items-center gap-2 px-4 py-1 font-mono text-xs">
            <span className="min-w-0 flex-1 break-words">
              <span className="font-medium">{alias}</span>
              <span className="text-ink-soft"> → {model}</span>
              <Listed model={model} />
            </span>
            {write && (
              <Button
                look="quiet"
                size="small-icon"
                disabled={busy}
                aria-label={t('removeOf', { name: alias })}
                onClick={() => save({ aliases: { [alias]: null } }, t('removed', { name: alias }))}
              >
                <Trash2 aria-hidden />
              </Button>
            )}
          </li>
        ))}
        {!Object.keys(aliases).length && <li className="px-4 py-3 text-ink-soft text-sm">{t('noAliases')}</li>}
      </ul>
      {write && (
        <form onSubmit={submit} noValidate className="flex flex-wrap items-end gap-2 border-line border-t px-4 py-3">
          <Field label={t('alias')} className="min-w-28 flex-1">
            <Input autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
          <Field label={t('aliasTarget')} className="min-w-40 flex-[2]">
            <Input
              list="model-names"
              autoComplete="off"
              value={target}
              onChange={(event) => setTarget(event.target.value)}
            />
          </Field>
          <Button type="submit" disabled={busy || !name.trim() || !target.trim()}>
            <Plus aria-hidden />
            {t('addAlias')}
          </Button>
        </form>
      )}
      <Fallback key={fallback} fallback={fallback} write={write} busy={busy} save={save} />
    </Card>
  );
}

function Fallback({ fallback, write, busy, save }: Omit<AliasesProps, 'aliases'>) {
  const { t } = useTranslation('models');
  const [typed, setTyped] = useState(fallback ?? '');
  return (
    <form
      noValidate
      className="flex flex-wrap items-end gap-2 border-line border-t px-4 py-3"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save({ default: typed.trim() || null }, t('saved'));
      }}
    >
      <Field label={t('unknownNames')} hint={t('unknownNames.hint')} className="min-w-40 flex-1">
        <Input
          list="model-names"
          autoComplete="off"
          readOnly={!write}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </Field>
      {write && (
        <Button type="submit" disabled={busy || typed.trim() === (fallback ?? '')} className="mb-5">
          {t('save')}
        </Button>
      )}
    </form>
  );
}
