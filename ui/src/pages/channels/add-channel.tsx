import { ChevronRight, QrCode } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { patchConfig } from '@/client/configuration';
import { callKey } from '@/client/control';
import { wordsOf } from '@/client/words';
import { QrSignIn } from '@/components/qr-sign-in';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { toast } from '@/components/ui/toasts';
import type { Language } from '@/i18n';
import { useAction } from '@/lib/use-action';
import { statusKey } from './data';
import { type ChannelKind, kinds } from './kinds';

/** Connects a channel: which one, then what it needs. */
export function AddChannel() {
  const { t, i18n } = useTranslation('channels');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const language = i18n.language as Language;
  const kind = kinds.find((each) => each.id === search.add);
  const close = () => setSearch({ add: undefined });
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={kind ? t('addOf', { name: kind.label[language] }) : t('add')}
      description={kind ? undefined : t('add.text')}
      footer={
        kind && (
          <Button look="quiet" onClick={() => setSearch({ add: '1' })}>
            {t('back')}
          </Button>
        )
      }
    >
      {kind ? (
        <Connect key={kind.id} kind={kind} language={language} close={close} />
      ) : (
        <ul className="grid gap-1 pb-3 sm:grid-cols-2">
          {kinds.map((each) => (
            <li key={each.id}>
              <Button className="w-full justify-between" onClick={() => setSearch({ add: each.id })}>
                {each.label[language]}
                {each.qr ? <QrCode aria-hidden /> : <ChevronRight aria-hidden />}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

function Connect({ kind, language, close }: { kind: ChannelKind; language: Language; close(): void }) {
  const { t } = useTranslation('channels');
  const common = useTranslation('common').t;
  const setSearch = useSetSearch();
  const [values, setValues] = useState<Record<string, string>>({});
  const save = useAction(
    () => patchConfig(() => ({ channels: { [kind.id]: { enabled: true, ...trimmed(values) } } })),
    {
      refresh: [statusKey, callKey('config.get')],
      silent: true,
      done: () => t('added', { name: kind.label[language] }),
      onDone: close,
    },
  );
  const missing = kind.fields.some((field) => !values[field.name]?.trim());
  if (kind.qr)
    return (
      <div className="grid gap-3 pb-3">
        <p className="text-ink-soft text-sm">{t('add.qr')}</p>
        <QrSignIn
          channel={kind.id}
          onConnected={() => {
            toast.good(t('added', { name: kind.label[language] }));
            setSearch({ add: undefined, channel: kind.id });
          }}
        />
      </div>
    );
  return (
    <form
      className="grid gap-4 pb-2"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (!missing) save.mutate();
      }}
    >
      {!kind.fields.length && <p className="text-ink-soft text-sm">{t('add.nothing')}</p>}
      {kind.fields.map((field) => (
        <Field key={field.name} label={field.label[language]} required>
          <Input
            type={field.secret ? 'password' : 'text'}
            autoComplete="off"
            value={values[field.name] ?? ''}
            onChange={(event) => setValues((before) => ({ ...before, [field.name]: event.target.value }))}
          />
        </Field>
      ))}
      <p className="text-ink-faint text-xs">{t('add.more')}</p>
      {save.isError && (
        <p role="alert" className="text-bad text-sm">
          {wordsOf(save.error, common)}
        </p>
      )}
      <div>
        <Button type="submit" look="primary" busy={save.isPending} disabled={missing}>
          {t('connect')}
        </Button>
      </div>
    </form>
  );
}

const trimmed = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim()]));
