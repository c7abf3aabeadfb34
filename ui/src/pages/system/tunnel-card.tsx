import { useQuery } from '@tanstack/react-query';
import { ExternalLink, Globe, Square } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { CopyBlock } from '@/components/copy-button';
import { Loaded } from '@/components/states';
import { Status } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';

interface Tunnel {
  installed: boolean;
  running: boolean;
  url: string | null;
  error: string | null;
}

const tunnelKey = ['rest', 'tunnel'] as const;
const INSTALLING = 'https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/';

/** The gateway under an address on the internet, by Cloudflare's program. */
export function TunnelCard() {
  const { t } = useTranslation('system');
  const may = usePermission('system.manage');
  const query = useQuery({
    queryKey: tunnelKey,
    queryFn: ({ signal }) => rest.get<Tunnel>('/api/proxy/cloudflared/status', { signal }),
    enabled: may,
    // The address is known a few seconds after the program was started.
    refetchInterval: ({ state }) => (state.data?.running ? 3_000 : 30_000),
  });
  if (!may) return null;
  return (
    <Card title={t('tunnel')}>
      <Loaded query={query}>{(tunnel) => <Found tunnel={tunnel} />}</Loaded>
    </Card>
  );
}

function Found({ tunnel }: { tunnel: Tunnel }) {
  const { t } = useTranslation('system');
  const [token, setToken] = useState('');
  const start = useAction(
    () => {
      const own = token.trim();
      const body = own ? { mode: 'auth', token: own } : { mode: 'quick' };
      return rest.post<Tunnel>('/api/proxy/cloudflared/start', { body, timeoutMs: 60_000 });
    },
    { refresh: [tunnelKey], onDone: () => setToken('') },
  );
  const stop = useAction(() => rest.post('/api/proxy/cloudflared/stop', { timeoutMs: 60_000 }), {
    refresh: [tunnelKey],
    done: () => t('tunnel.stopped'),
  });
  const ask = async (event: FormEvent) => {
    event.preventDefault();
    const question = { title: t('tunnel.ask'), text: t('tunnel.askText'), action: t('tunnel.start') };
    if (await confirm(question)) start.mutate();
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <p className="text-ink-soft text-sm">{t('tunnel.text')}</p>
      {tunnel.error && (
        <p role="alert" className="break-words text-bad text-sm">
          {tunnel.error}
        </p>
      )}
      {tunnel.running ? (
        <>
          <Status tone={tunnel.url ? 'good' : 'accent'} live>
            {t(tunnel.url ? 'tunnel.open' : 'tunnel.opening')}
          </Status>
          {tunnel.url && <CopyBlock text={tunnel.url} label={t('tunnel.copy')} />}
          <div>
            <Button busy={stop.isPending} onClick={() => stop.mutate()}>
              <Square aria-hidden />
              {t('tunnel.stop')}
            </Button>
          </div>
        </>
      ) : tunnel.installed ? (
        <form className="grid gap-3" onSubmit={(event) => void ask(event)}>
          <Field label={t('tunnel.token')} hint={t('tunnel.tokenHint')}>
            <Input
              type="password"
              autoComplete="off"
              value={token}
              onChange={(event) => setToken(event.target.value)}
            />
          </Field>
          <div>
            <Button type="submit" busy={start.isPending}>
              <Globe aria-hidden />
              {t('tunnel.start')}
            </Button>
          </div>
        </form>
      ) : (
        <p className="text-sm">
          {t('tunnel.missing')}{' '}
          <a
            href={INSTALLING}
            target="_blank"
            rel="noreferrer"
            className="inline-flex items-center gap-1 text-accent underline underline-offset-2"
          >
            {t('tunnel.install')}
            <ExternalLink aria-hidden className="size-3.5" />
          </a>
        </p>
      )}
    </div>
  );
}
