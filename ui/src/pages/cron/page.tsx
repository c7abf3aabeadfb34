import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useCall, useRefreshOn } from '@/client/control';
import { PageBody } from '@/components/page-body';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Select } from '@/components/ui/input';
import { Tabs } from '@/components/ui/tabs';
import { Calendar } from './calendar';
import { cronKeys, useMayChange } from './data';
import { JobDrawer, NewJob } from './job-drawer';
import { JobList } from './job-list';
import { Runs } from './runs';

const tabs = ['jobs', 'calendar', 'runs'] as const;

export default function Cron() {
  const { t } = useTranslation('cron');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const mayChange = useMayChange();
  const status = useCall('cron.status', {});
  useRefreshOn(['cron'], cronKeys);
  const contents = { jobs: <JobList />, calendar: <Calendar />, runs: <History /> };
  const close = () => setSearch({ job: undefined, part: undefined });
  return (
    <PageBody
      intro={t('intro')}
      actions={
        mayChange && (
          <Button look="primary" onClick={() => setSearch({ job: '+' })}>
            <Plus aria-hidden />
            {t('new')}
          </Button>
        )
      }
    >
      {status.data?.enabled === false && (
        <p role="status" className="rounded-md bg-warn-wash px-3 py-2 text-sm text-warn">
          {t('allOff')}
        </p>
      )}
      <div className="min-w-0">
        <Tabs
          value={tabs.find((each) => each === search.tab) ?? 'jobs'}
          onChange={(tab) => setSearch({ tab: tab === 'jobs' ? undefined : tab })}
          tabs={tabs.map((id) => ({ id, label: t(`tab.${id}`), content: contents[id] }))}
        />
      </div>
      {search.job === '+' && mayChange && <NewJob close={close} />}
      {search.job && search.job !== '+' && <JobDrawer key={search.job} id={search.job} close={close} />}
    </PageBody>
  );
}

function History() {
  const { t } = useTranslation('cron');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const [count, setCount] = useState(50);
  const status = search.status ?? '';
  return (
    <Card
      title={t('runs')}
      aside={
        <Select
          aria-label={t('status')}
          className="w-auto"
          value={status}
          onChange={(event) => setSearch({ status: event.target.value })}
        >
          <option value="">{t('which.all')}</option>
          {(['ok', 'error', 'skipped', 'interrupted', 'running'] as const).map((each) => (
            <option key={each} value={each}>
              {t(`status.${each}`)}
            </option>
          ))}
        </Select>
      }
      bodyClassName="p-0"
    >
      <Runs count={count} more={setCount} statuses={status ? [status] : []} />
    </Card>
  );
}
