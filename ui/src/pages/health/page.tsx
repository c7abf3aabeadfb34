import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { PageBody } from '@/components/page-body';
import { Tabs } from '@/components/ui/tabs';
import { Backups } from './backups';
import { Healing } from './healing';
import { Now } from './now';
import { TaskList } from './task-list';

const tabs = ['now', 'healing', 'backups', 'tasks'] as const;

export default function HealthPage() {
  const { t } = useTranslation('health');
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const contents = { now: <Now />, healing: <Healing />, backups: <Backups />, tasks: <TaskList /> };
  return (
    <PageBody>
      <div className="min-w-0">
        <Tabs
          value={tabs.find((each) => each === values.tab) ?? 'now'}
          onChange={(tab) => setSearch({ tab: tab === 'now' ? undefined : tab, id: undefined, report: undefined })}
          tabs={tabs.map((id) => ({ id, label: t(`tab.${id}`), content: contents[id] }))}
        />
      </div>
    </PageBody>
  );
}
