import { LogIn, LogOut, Plus, Trash2, Waypoints } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patchConfig } from '@/client/configuration';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Status, type Tone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { Switch } from '@/components/ui/switch';
import { Tooltip } from '@/components/ui/tooltip';
import { useAction } from '@/lib/use-action';
import { AddMcpServer } from './add-mcp-server';
import { forgetLogin, type McpServer, refreshServers, useServers } from './mcp-api';
import { McpSignIn } from './mcp-sign-in';

const tones: Record<McpServer['state'], Tone> = { off: 'neutral', idle: 'neutral', ready: 'good', failed: 'bad' };

/** The MCP servers whose tools agents use: how they are, adding one, signing in to one. */
export function McpServers() {
  const { t } = useTranslation('skills');
  const query = useServers();
  const [adding, setAdding] = useState(false);
  const [signing, setSigning] = useState<string>();
  const add = (
    <Button look="primary" size="small" onClick={() => setAdding(true)}>
      <Plus aria-hidden />
      {t('mcp.add')}
    </Button>
  );
  return (
    <div className="grid gap-4">
      <p className="text-ink-soft text-sm">{t('mcp.text')}</p>
      <Loaded query={query} skeleton={<Skeleton lines={6} />}>
        {({ servers }) => (
          <Card title={t('mcp.servers')} bodyClassName="p-0" aside={servers.length > 0 && add}>
            {servers.length ? (
              <ul className="divide-y divide-line">
                {servers.map((server) => (
                  <Row key={server.name} server={server} signIn={() => setSigning(server.name)} />
                ))}
              </ul>
            ) : (
              <Empty icon={Waypoints} title={t('mcp.none.title')} text={t('mcp.none.text')} action={add} />
            )}
          </Card>
        )}
      </Loaded>
      {adding && (
        <AddMcpServer taken={query.data?.servers.map(({ name }) => name) ?? []} close={() => setAdding(false)} />
      )}
      {signing && <McpSignIn key={signing} name={signing} close={() => setSigning(undefined)} />}
    </div>
  );
}

function Row({ server, signIn }: { server: McpServer; signIn(): void }) {
  const { t } = useTranslation('skills');
  const { name } = server;
  const change = useAction(
    (block: { enabled: boolean } | null) => patchConfig(() => ({ mcp: { servers: { [name]: block } } })),
    {
      refresh: refreshServers,
      done: (_, block) => t(block === null ? 'mcp.removed' : block.enabled ? 'turnedOn' : 'turnedOff', { name }),
    },
  );
  const forget = useAction(() => forgetLogin(name), {
    refresh: refreshServers,
    done: () => t('mcp.signedOut', { name }),
  });
  const askToRemove = async () => {
    const sure = await confirm({
      title: t('mcp.remove.title', { name }),
      text: t('mcp.remove.text'),
      action: t('mcp.remove'),
    });
    if (sure) change.mutate(null);
  };
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-60">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="break-all font-medium">{name}</span>
          <Status tone={tones[server.state]}>{t(`mcp.state.${server.state}`)}</Status>
        </p>
        <p className="break-all font-mono text-ink-faint text-xs">{server.address}</p>
        {server.error && <p className="mt-1 break-words text-bad text-sm">{server.error}</p>}
        {server.tools.length > 0 && (
          <details className="mt-1">
            <summary className="text-ink-soft text-xs">{t('mcp.tools', { count: server.tools.length })}</summary>
            <p className="mt-1 break-words font-mono text-xs">{server.tools.join(', ')}</p>
          </details>
        )}
      </div>
      <div className="flex items-center gap-1.5">
        {server.transport === 'http' && !server.signed_in && server.enabled && (
          <Button size="small" onClick={signIn}>
            <LogIn aria-hidden />
            {t('mcp.signIn')}
          </Button>
        )}
        {server.signed_in && (
          <Button size="small" busy={forget.isPending} onClick={() => forget.mutate()}>
            <LogOut aria-hidden />
            {t('mcp.signOut')}
          </Button>
        )}
        <Tooltip text={t('mcp.remove')}>
          <Button
            look="quiet"
            size="icon"
            aria-label={t('mcp.removeOf', { name })}
            disabled={change.isPending}
            onClick={() => void askToRemove()}
          >
            <Trash2 aria-hidden />
          </Button>
        </Tooltip>
        <Switch
          aria-label={t('mcp.on', { name })}
          checked={server.enabled}
          disabled={change.isPending}
          onCheckedChange={(enabled) => change.mutate({ enabled })}
        />
      </div>
    </li>
  );
}
