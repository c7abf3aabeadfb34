import { useRouter, useSearch } from '@tanstack/react-router';
import { KeyRound } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/client/errors';
import { signIn } from '@/client/session';
import { wordsOf } from '@/client/words';
import { CopyBlock } from '@/components/copy-button';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { LaterMenus } from './later';
import { Mark } from './mark';

const PERMISSIONS = [
  ...[
    'models.use',
    'agents.use',
    'tools.invoke',
    'agents.manage',
    'system.read',
    'system.manage',
    'config.read',
    'config.write',
  ],
  ...['keys.manage', 'accounts.read', 'accounts.manage', 'logs.read', 'logs.manage', 'statistics.read'],
];
const KEY_COMMAND = `crawdad keys create console \\\n${PERMISSIONS.map((name) => `  --permission ${name}`).join(' \\\n')}`;

/** Where to go on: a path of our own, as `//host` and `/\\host` would lead elsewhere. */
const ownPath = (back: unknown): string =>
  typeof back === 'string' && /^\/(?![/\\])/.test(back) ? back.replace(/^\/console/, '') : '/';

export function SignIn() {
  const { t } = useTranslation('common');
  const router = useRouter();
  const { back } = useSearch({ strict: false }) as { back?: unknown };
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!token.trim()) {
      setFault(t('signIn.needed'));
      return;
    }
    setBusy(true);
    setFault(undefined);
    try {
      await signIn(token.trim());
      setToken('');
      router.history.replace(`/console${ownPath(back)}`);
    } catch (error) {
      const wrong = error instanceof ApiError && error.status === 401;
      setFault(wrong ? t('signIn.wrong') : wordsOf(error, t));
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="flex min-h-full flex-col">
      <div className="flex justify-end gap-1 p-3">
        <LaterMenus />
      </div>
      <main className="mx-auto grid w-full max-w-sm flex-1 content-center px-5 pb-28">
        <div className="mb-6 flex items-center gap-3">
          <Mark className="size-10" />
          <div>
            <h1 className="font-semibold text-2xl">Crawdad</h1>
            <p className="text-ink-soft text-sm">{t('signIn.subtitle')}</p>
          </div>
        </div>
        <form onSubmit={(event) => void submit(event)} className="grid gap-4" noValidate>
          <Field label={t('signIn.token')} error={fault}>
            <Input
              type="password"
              name="token"
              autoComplete="current-password"
              spellCheck={false}
              autoFocus
              className="h-10 font-mono sm:text-base"
              value={token}
              onChange={(event) => setToken(event.target.value)}
            />
          </Field>
          <Button type="submit" look="primary" size="large" busy={busy}>
            {!busy && <KeyRound aria-hidden />}
            {t('signIn.do')}
          </Button>
        </form>
        <details className="mt-6 text-ink-soft text-sm">
          <summary className="font-medium text-ink">{t('signIn.where')}</summary>
          <p className="my-2">{t('signIn.whereText')}</p>
          <CopyBlock text={KEY_COMMAND} />
        </details>
      </main>
    </div>
  );
}
