import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useCall } from '@/client/control';
import { PageBody } from '@/components/page-body';
import { Select } from '@/components/ui/input';
import { Tabs } from '@/components/ui/tabs';
import { Whose } from './api';
import { CleaningTab } from './cleaning';
import { Folder } from './folder';
import { Trash } from './trash';
import { UploadList } from './upload-list';

const tabs = ['files', 'trash', 'cleaning'] as const;

export default function Files() {
  const { t } = useTranslation('files');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const agents = useCall('agents.list', {}).data;
  const agent = search.agent ?? '';
  const contents = { files: <Folder path={search.path ?? ''} />, trash: <Trash />, cleaning: <CleaningTab /> };
  return (
    <Whose value={agent}>
      <PageBody
        intro={t('intro')}
        actions={
          agents &&
          agents.agents.length > 1 && (
            <Select
              aria-label={t('agent')}
              className="w-auto max-w-full"
              value={agent || agents.defaultId}
              onChange={(event) =>
                setSearch({
                  agent: event.target.value === agents.defaultId ? undefined : event.target.value,
                  ...{ path: undefined, file: undefined, q: undefined },
                })
              }
            >
              {agents.agents.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.identity?.name ?? each.name ?? each.id}
                </option>
              ))}
            </Select>
          )
        }
      >
        <div className="grid min-w-0 gap-4">
          <UploadList />
          <Tabs
            value={tabs.find((each) => each === search.tab) ?? 'files'}
            onChange={(tab) => setSearch({ tab: tab === 'files' ? undefined : tab, file: undefined })}
            tabs={tabs.map((id) => ({ id, label: t(`tab.${id}`), content: contents[id] }))}
          />
        </div>
      </PageBody>
    </Whose>
  );
}
