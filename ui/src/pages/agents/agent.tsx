import { ArrowLeft, MessageSquare } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink, usePathParams, useSearchValues, useSetSearch } from '@/app/links';
import { useCall } from '@/client/control';
import { PageBody } from '@/components/page-body';
import { Empty, Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Tabs } from '@/components/ui/tabs';
import { Bindings } from './bindings';
import { Files } from './files';
import { Settings } from './settings';
import { Tools } from './tools';

/** One agent: its files, settings, tools and skills, and what it answers. */
export default function Agent() {
  const { t } = useTranslation('agents');
  const id = usePathParams().id ?? '';
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const query = useCall('agents.list', {});
  const config = useCall('config.get', {});
  return (
    <PageBody>
      <Loaded query={query}>
        {({ agents, defaultId }) => {
          const agent = agents.find((each) => each.id === id);
          if (!agent)
            return (
              <Empty
                title={t('noSuch', { id })}
                action={
                  <Button asChild>
                    <PageLink to="/agents">{t('toAgents')}</PageLink>
                  </Button>
                }
              />
            );
          const name = agent.identity?.name ?? agent.name ?? id;
          return (
            <div className="min-w-0">
              <div className="mb-3 flex items-center gap-3">
                <Button asChild look="quiet" size="icon">
                  <PageLink to="/agents" aria-label={t('toAgents')}>
                    <ArrowLeft aria-hidden />
                  </PageLink>
                </Button>
                <h2 className="min-w-0 flex-1 truncate font-semibold text-lg">
                  {agent.identity?.emoji} {name}
                </h2>
                <Button asChild size="small">
                  <PageLink to="/chat" search={{ session: `agent:${id}:main` }}>
                    <MessageSquare aria-hidden />
                    {t('chat')}
                  </PageLink>
                </Button>
              </div>
              <Tabs
                value={search.tab ?? 'files'}
                onChange={(tab) => setSearch({ tab: tab === 'files' ? undefined : tab })}
                tabs={[
                  { id: 'files', label: t('files'), content: <Files id={id} /> },
                  {
                    id: 'settings',
                    label: t('settings'),
                    content: (
                      <Loaded query={config}>
                        {(found) => (
                          <Settings
                            key={id}
                            id={id}
                            name={name}
                            agent={agent}
                            config={found.parsed}
                            isDefault={id === defaultId}
                          />
                        )}
                      </Loaded>
                    ),
                  },
                  {
                    id: 'tools',
                    label: t('tools'),
                    content: <Loaded query={config}>{(found) => <Tools id={id} config={found.parsed} />}</Loaded>,
                  },
                  {
                    id: 'bindings',
                    label: t('bindings'),
                    content: <Loaded query={config}>{(found) => <Bindings id={id} config={found.parsed} />}</Loaded>,
                  },
                ]}
              />
            </div>
          );
        }}
      </Loaded>
    </PageBody>
  );
}
