import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useMethod } from '@/client/control';
import { PageBody } from '@/components/page-body';
import { Tabs } from '@/components/ui/tabs';
import { Plugins } from './plugins';
import { Skills } from './skills';

export default function SkillsAndPlugins() {
  const { t } = useTranslation('skills');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const withPlugins = useMethod('plugins.list');
  const tabs = [
    { id: 'skills', label: t('tab.skills'), content: <Skills /> },
    ...(withPlugins ? [{ id: 'plugins', label: t('tab.plugins'), content: <Plugins /> }] : []),
  ];
  return (
    <PageBody>
      <div className="min-w-0">
        <Tabs
          value={search.tab === 'plugins' && withPlugins ? 'plugins' : 'skills'}
          onChange={(tab) =>
            setSearch({ tab: tab === 'skills' ? undefined : tab, q: undefined, skill: undefined, plugin: undefined })
          }
          tabs={tabs}
        />
      </div>
    </PageBody>
  );
}
