import { MessageSquare, Plus, Star } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink, useSearchValues, useSetSearch } from '@/app/links';
import { useCall } from '@/client/control';
import { PageBody } from '@/components/page-body';
import { Loaded, Skeleton } from '@/components/states';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Tooltip } from '@/components/ui/tooltip';
import { CreateAgent } from './create-agent';
import { bindingsOf, entryOf, modelOf } from './entries';
import { useMakeDefault } from './use-make-default';

export default function Agents() {
  const { t } = useTranslation('agents');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const query = useCall('agents.list', {});
  const health = useCall('health', {}, { refetchInterval: 15_000 });
  const config = useCall('config.get', {}).data?.parsed ?? {};
  const bindings = bindingsOf(config);
  const makeDefault = useMakeDefault();
  return (
    <PageBody
      intro={t('intro')}
      actions={
        <Button look="primary" onClick={() => setSearch({ new: 'blank' })}>
          <Plus aria-hidden />
          {t('create')}
        </Button>
      }
    >
      <Loaded query={query} skeleton={<Skeleton lines={6} />}>
        {({ agents, defaultId }) => (
          <Card title={t('count', { count: agents.length })} bodyClassName="p-0">
            <ul className="divide-y divide-line">
              {agents.map((agent) => {
                const name = agent.identity?.name ?? agent.name ?? agent.id;
                const model = modelOf(entryOf(config, agent.id));
                const bound = bindings.filter((each) => each.agentId.toLowerCase() === agent.id).length;
                const sessions = health.data?.agents.find((each) => each.agentId === agent.id)?.sessions.count;
                return (
                  <li key={agent.id} className="flex items-center gap-3 px-4 py-3">
                    <span aria-hidden className="grid size-9 shrink-0 place-items-center rounded-md bg-sunken text-lg">
                      {agent.identity?.emoji ?? name.slice(0, 1).toUpperCase()}
                    </span>
                    <div className="min-w-0 flex-1">
                      <div className="flex min-w-0 flex-wrap items-center gap-x-2">
                        <PageLink
                          to="/agents/$id"
                          params={{ id: agent.id }}
                          className="min-w-0 truncate font-medium underline-offset-4 hover:underline"
                        >
                          {name}
                        </PageLink>
                        {name !== agent.id && <code className="text-ink-faint text-xs">{agent.id}</code>}
                        {agent.id === defaultId && <Badge tone="accent">{t('default')}</Badge>}
                      </div>
                      <p className="flex flex-wrap gap-x-3 text-ink-faint text-xs">
                        <span className="break-all">{model || t('modelOfDefaults')}</span>
                        {sessions !== undefined && <span>{t('sessions', { count: sessions })}</span>}
                        {bound > 0 && <span>{t('bound', { count: bound })}</span>}
                      </p>
                    </div>
                    {agent.id !== defaultId && (
                      <Tooltip text={t('makeDefault.do')}>
                        <Button
                          look="quiet"
                          size="icon"
                          aria-label={t('makeDefault', { name })}
                          disabled={makeDefault.isPending}
                          onClick={() => makeDefault.mutate({ id: agent.id, name })}
                        >
                          <Star aria-hidden />
                        </Button>
                      </Tooltip>
                    )}
                    <Tooltip text={t('chat')}>
                      <Button asChild look="quiet" size="icon">
                        <PageLink
                          to="/chat"
                          search={{ session: `agent:${agent.id}:main` }}
                          aria-label={t('chatWith', { name })}
                        >
                          <MessageSquare aria-hidden />
                        </PageLink>
                      </Button>
                    </Tooltip>
                  </li>
                );
              })}
            </ul>
          </Card>
        )}
      </Loaded>
      {search.new && <CreateAgent taken={query.data?.agents.map((each) => each.id) ?? []} />}
    </PageBody>
  );
}
