import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useMethod } from '@/client/control';
import { usePermission } from '@/client/session';
import { PageBody } from '@/components/page-body';
import { Tabs } from '@/components/ui/tabs';
import { McpServers } from './mcp-servers';
import { Plugins } from './plugins';
import { Skills } from './skills';

export default function SkillsAndPlugins() {
  const { t } = useTranslation('skills');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const withPlugins = useMethod('plugins.list');
  const withServers = usePermission('agents.manage');
  const tabs = [
    { id: 'skills', label: t('tab.skills'), content: <Skills /> },
    ...(withPlugins ? [{ id: 'plugins', label: t('tab.plugins'), content: <Plugins /> }] : []),
    ...(withServers ? [{ id: 'mcp', label: t('tab.mcp'), content: <McpServers /> }] : []),
  ];
  return (
    <PageBody>
      <div className="min-w-0">
        <Tabs
          value={tabs.find((each) => each.id === search.tab)?.id ?? 'skills'}
          onChange={(tab) =>
            setSearch({ tab: tab === 'skills' ? undefined : tab, q: undefined, skill: undefined, plugin: undefined })
          }
          tabs={tabs}
        />
      </div>
    </PageBody>
  );
}
