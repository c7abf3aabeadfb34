import { ChevronRight, QrCode } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { patchConfig } from '@/client/configuration';
import { callKey } from '@/client/control';
import type { ChannelsStatus } from '@/client/control-types';
import { wordsOf } from '@/client/words';
import { QrSignIn } from '@/components/qr-sign-in';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { toast } from '@/components/ui/toasts';
import type { Language } from '@/i18n';
import { useAction } from '@/lib/use-action';
import { anotherOf, patchOf } from './blocks';
import { type ChannelAccount, stateOf, statusKey } from './data';
import { type ChannelKind, kinds } from './kinds';

/** Connects a channel: which one, then what it needs. */
export function AddChannel({ status }: { status: ChannelsStatus }) {
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
        <Connect
          key={kind.id}
          kind={kind}
          language={language}
          accounts={(status.channelAccounts[kind.id] ?? []) as ChannelAccount[]}
          close={close}
        />
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

interface ConnectProps {
  kind: ChannelKind;
  language: Language;
  /** Those that the channel has. */
  accounts: readonly ChannelAccount[];
  close(): void;
}

/** The accounts that are in use: whoever connects the channel once more means another one. */
const inUse = (account: ChannelAccount) => !['not_configured', 'needs_login'].includes(stateOf(account).name);

function Connect({ kind, language, accounts, close }: ConnectProps) {
  const { t } = useTranslation('channels');
  const common = useTranslation('common').t;
  const setSearch = useSetSearch();
  const [values, setValues] = useState<Record<string, string>>({});
  const [name, setName] = useState('');
  // Signing in makes the first account one that is in use: what was begun goes on.
  const [another] = useState(() => accounts.length > 0 && accounts.every(inUse));
  const first = accounts.find((each) => !inUse(each))?.accountId ?? 'default';
  const account = another ? name.trim() : first;
  const taken = another && accounts.some((each) => each.accountId === account);
  const save = useAction(
    () =>
      patchConfig((now) =>
        another
          ? anotherOf(now, kind.id, account, trimmed(values))
          : patchOf(now, kind.id, account, { enabled: true, ...trimmed(values) }),
      ),
    {
      refresh: [statusKey, callKey('config.get')],
      silent: true,
      done: () => t('added', { name: kind.label[language] }),
      onDone: () => (kind.qr ? setSearch({ add: undefined, channel: kind.id, account }) : close()),
    },
  );
  const missing = kind.fields.some((field) => !values[field.name]?.trim()) || (another && !validName.test(account));
  if (kind.qr && !another)
    return (
      <div className="grid gap-3 pb-3">
        <p className="text-ink-soft text-sm">{t('add.qr')}</p>
        <QrSignIn
          channel={kind.id}
          accountId={accounts.length ? first : undefined}
          onConnected={() => {
            toast.good(t('added', { name: kind.label[language] }));
            setSearch({ add: undefined, channel: kind.id, account: first });
          }}
        />
      </div>
    );
  return (
    <form
      className="grid gap-4 pb-2"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (!missing && !taken) save.mutate();
      }}
    >
      {another && (
        <Field
          label={t('add.name')}
          hint={t('add.another', { name: kind.label[language] })}
          error={taken ? t('add.taken') : undefined}
          required
        >
          <Input autoComplete="off" spellCheck={false} value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
      )}
      {!kind.fields.length && !another && <p className="text-ink-soft text-sm">{t('add.nothing')}</p>}
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
        <Button type="submit" look="primary" busy={save.isPending} disabled={missing || taken}>
          {t('connect')}
        </Button>
      </div>
    </form>
  );
}

/** What an account may be called: it is part of addresses and of the names of conversations. */
const validName = /^[a-z0-9][a-z0-9_-]{0,63}$/;

const trimmed = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim()]));
