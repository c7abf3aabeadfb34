import type { FormEvent } from 'react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patchConfig } from '@/client/configuration';
import { callKey } from '@/client/control';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import type { Language } from '@/i18n';
import { useAction } from '@/lib/use-action';
import { type Block, changedFields, patchOf, saidOf } from './blocks';
import { statusKey } from './data';
import type { ChannelField } from './kinds';

interface CredentialsProps {
  config: Block;
  channel: string;
  account: string;
  fields: readonly ChannelField[];
}

/** What an account signs in with, to be given anew; a secret is not shown, and stays where nothing is typed. */
export function Credentials({ config, channel, account, fields }: CredentialsProps) {
  const { t, i18n } = useTranslation('channels');
  const language = i18n.language as Language;
  const said = saidOf(config, channel, account);
  const stored = (field: ChannelField) => {
    const value = said[field.name];
    return field.secret || typeof value !== 'string' ? '' : value;
  };
  const [typed, setTyped] = useState<Record<string, string>>({});
  const change = changedFields(said, fields, typed);
  const save = useAction((wanted: Block) => patchConfig((now) => patchOf(now, channel, account, wanted)), {
    refresh: [statusKey, callKey('config.get')],
    done: () => t('saved'),
    onDone: () => setTyped({}),
  });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate(change);
      }}
    >
      {fields.map((field) => (
        <Field key={field.name} label={field.label[language]}>
          <Input
            type={field.secret ? 'password' : 'text'}
            autoComplete="off"
            placeholder={field.secret && said[field.name] ? t('credentials.kept') : undefined}
            value={typed[field.name] ?? stored(field)}
            onChange={(event) => setTyped((before) => ({ ...before, [field.name]: event.target.value }))}
          />
        </Field>
      ))}
      <div>
        <Button type="submit" busy={save.isPending} disabled={!Object.keys(change).length}>
          {t('credentials.save')}
        </Button>
      </div>
    </form>
  );
}
