import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ExternalLink } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { wordsOf } from '@/client/words';
import { CopyBlock } from '@/components/copy-button';
import { Loaded } from '@/components/states';
import { Status } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Textarea } from '@/components/ui/input';
import { toast } from '@/components/ui/toasts';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { accountApi, accountsKey, isUnderWay, type SignIn } from './api';

/** Signing in with the operator's own OAuth client: consent in a new window, or paste the address it ended at. */
export function GoogleSignIn({ done }: { done(): void }) {
  const { t } = useTranslation('accounts');
  const clients = useQuery({ queryKey: ['oauth-clients'], queryFn: accountApi.clients });
  const [flow, setFlow] = useState<SignIn>();
  const start = useAction(
    (way: 'loopback' | 'web' | 'device') =>
      way === 'device' ? accountApi.startOnDevice() : accountApi.startSignIn(way),
    { onDone: setFlow },
  );
  return (
    <Loaded query={clients}>
      {({ clients: [client] }) => {
        if (!client?.configured) return <NoClient redirect={client?.redirect_uri ?? ''} />;
        if (flow) return <Waiting flow={flow} done={done} again={() => setFlow(undefined)} />;
        return (
          <div className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-3">
            <p className="text-sm">{t('google.about', { client: client.client_id ?? '' })}</p>
            <Way title={t('google.paste')} text={t('google.pasteText')}>
              <Button look="primary" busy={start.isPending} onClick={() => start.mutate('loopback')}>
                {t('google.start')}
              </Button>
            </Way>
            <Way title={t('google.device')} text={t('google.deviceText')}>
              <Button busy={start.isPending} onClick={() => start.mutate('device')}>
                {t('google.start')}
              </Button>
            </Way>
            <Way title={t('google.web')} text={t('google.webText', { address: client.redirect_uri })}>
              <Button busy={start.isPending} onClick={() => start.mutate('web')}>
                {t('google.start')}
              </Button>
            </Way>
          </div>
        );
      }}
    </Loaded>
  );
}

function Way({ title, text, children }: { title: string; text: string; children: React.ReactNode }) {
  return (
    <section className="grid gap-2 rounded-lg border border-line p-3">
      <h3 className="font-medium text-sm">{title}</h3>
      <p className="break-words text-ink-soft text-sm">{text}</p>
      <div>{children}</div>
    </section>
  );
}

function NoClient({ redirect }: { redirect: string }) {
  const { t } = useTranslation('accounts');
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3 pb-3 text-sm">
      <p>{t('google.none')}</p>
      <ol className="grid list-decimal gap-1.5 pl-5 text-ink-soft">
        <li>{t('google.step1')}</li>
        <li>{t('google.step2')}</li>
        <li>{t('google.step3')}</li>
      </ol>
      <CopyBlock
        label={t('copyCommands')}
        text={
          'crawdad config set oauth.google.clientId <client id>\ncrawdad config set oauth.google.clientSecret <secret>'
        }
      />
      <p>
        <PageLink
          to="/configuration"
          search={{ at: 'oauth.google' }}
          className="text-accent underline underline-offset-4"
        >
          {t('google.toSettings')}
        </PageLink>
      </p>
      <p className="break-words text-ink-faint text-xs">{t('google.redirect', { address: redirect })}</p>
    </div>
  );
}

function Waiting({ flow, done, again }: { flow: SignIn; done(): void; again(): void }) {
  const { t } = useTranslation('accounts');
  const common = useTranslation('common').t;
  const formats = useFormats();
  const queries = useQueryClient();
  const [pasted, setPasted] = useState('');
  const status = useQuery({
    queryKey: ['oauth-status', flow.state],
    queryFn: () => accountApi.signIn(flow.state),
    refetchInterval: ({ state }) => (!state.data || isUnderWay(state.data) ? 1500 : false),
    initialData: flow,
  });
  const account = status.data.account;
  useEffect(() => {
    if (!account) return;
    toast.good(t('added', { name: account.email }));
    void queries.invalidateQueries({ queryKey: accountsKey });
    done();
  }, [account, done, queries, t]);
  const submit = useAction((code: string) => accountApi.submitCode(code, flow.state), {
    silent: true,
    refresh: [['oauth-status', flow.state]],
  });
  const cancel = useAction(() => accountApi.cancelSignIn(flow.state), { onDone: again });
  const over = !isUnderWay(status.data) && !account;

  if (over) {
    return (
      <div className="grid gap-3 pb-3">
        <p role="alert" className="rounded-md bg-bad-wash px-3 py-2 text-sm">
          {status.data.error ?? t('google.over')}
        </p>
        <div className="flex justify-end">
          <Button look="primary" onClick={again}>
            {t('google.again')}
          </Button>
        </div>
      </div>
    );
  }
  const waiting = (
    <Status tone="accent" live className="mr-auto">
      {t('google.waiting', { span: formats.duration(status.data.expires_in * 1000) })}
    </Status>
  );
  if (flow.user_code) {
    const address = flow.verification_uri_complete || flow.verification_url || '';
    return (
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-3">
        <p className="text-sm">{t('google.enterCode', { address: flow.verification_url ?? '' })}</p>
        <CopyBlock text={flow.user_code} label={t('copyCode')} />
        <Button asChild className="justify-self-start">
          <a href={/^https?:/.test(address) ? address : undefined} target="_blank" rel="noreferrer noopener">
            <ExternalLink aria-hidden />
            {t('google.open')}
          </a>
        </Button>
        <div className="flex flex-wrap items-center gap-2">
          {waiting}
          <Button onClick={() => cancel.mutate()}>{t('cancel')}</Button>
        </div>
      </div>
    );
  }
  return (
    <form
      className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-3"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        submit.mutate(pasted.trim());
      }}
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
        <Button asChild look="primary" className="justify-self-start">
          <a href={/^https?:/.test(flow.url) ? flow.url : undefined} target="_blank" rel="noreferrer noopener">
            <ExternalLink aria-hidden />
            {t('google.open')}
          </a>
        </Button>
        <p className="text-ink-soft text-sm">{t('google.elsewhere')}</p>
        <CopyBlock text={flow.url} label={t('copyAddress')} />
      </div>
      <Field
        label={t('google.address')}
        hint={t('google.addressHint')}
        error={submit.isError ? wordsOf(submit.error, common) : undefined}
      >
        <Textarea
          spellCheck={false}
          autoComplete="off"
          className="min-h-16 font-mono text-xs"
          placeholder={flow.redirect_uri ? `${flow.redirect_uri}?state=…&code=…` : undefined}
          value={pasted}
          onChange={(event) => setPasted(event.target.value)}
        />
      </Field>
      <div className="flex flex-wrap items-center gap-2">
        {waiting}
        <Button onClick={() => cancel.mutate()}>{t('cancel')}</Button>
        <Button type="submit" look="primary" disabled={!pasted.trim()} busy={submit.isPending}>
          {t('google.finish')}
        </Button>
      </div>
    </form>
  );
}
