import { History } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink, useSearchValues, useSetSearch } from '@/app/links';
import { useCall } from '@/client/control';
import { usePermission } from '@/client/session';
import { PageBody } from '@/components/page-body';
import { Failed, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Tabs } from '@/components/ui/tabs';
import type { Issue } from './api';
import { drafts, useLeaveGuard } from './drafts';
import { IssueList } from './issue-list';
import { SettingsForm } from './settings-form';
import { TextEditor } from './text-editor';

export default function Configuration() {
  const { t } = useTranslation('configuration');
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const may = usePermission('config.write');
  const snapshot = useCall('config.get', {}, { refetchInterval: 30_000 });
  const schema = useCall('config.schema', {}, { staleTime: Number.POSITIVE_INFINITY });
  // What is being written stays while the other view, or another page, is looked at.
  useLeaveGuard();
  const failed = snapshot.isError && !snapshot.data ? snapshot : schema.isError && !schema.data ? schema : undefined;
  return (
    <PageBody
      intro={
        snapshot.data && (
          <>
            {t(may ? 'intro' : 'introReadOnly')}{' '}
            <span className="break-all font-mono text-xs">{snapshot.data.path}</span>
          </>
        )
      }
      actions={
        <Button asChild size="small">
          <PageLink to="/health" search={{ tab: 'backups' }}>
            <History aria-hidden />
            {t('earlier')}
          </PageLink>
        </Button>
      }
    >
      {failed && <Failed error={failed.error} retry={() => void failed.refetch()} />}
      {snapshot.data && <Issues issues={snapshot.data.issues} warnings={snapshot.data.warnings} />}
      {!failed && !(snapshot.data && schema.data) && <Skeleton lines={12} />}
      {snapshot.data && schema.data && (
        <div className="min-w-0">
          <Tabs
            value={values.tab === 'text' ? 'text' : 'form'}
            onChange={(tab) => setSearch({ tab: tab === 'form' ? undefined : tab })}
            tabs={[
              {
                id: 'form',
                label: t('form'),
                content: (
                  <SettingsForm
                    snapshot={snapshot.data}
                    schema={schema.data.schema}
                    hints={schema.data.uiHints}
                    readOnly={!may}
                    kept={drafts.form}
                  />
                ),
              },
              {
                id: 'text',
                label: t('text'),
                content: <TextEditor snapshot={snapshot.data} readOnly={!may} kept={drafts.text} />,
              },
            ]}
          />
        </div>
      )}
    </PageBody>
  );
}

function Issues({ issues, warnings }: { issues: readonly Issue[]; warnings: readonly Issue[] }) {
  const { t } = useTranslation('configuration');
  if (!issues.length && !warnings.length) return null;
  return (
    <div className="grid gap-2">
      {issues.length > 0 && <IssueList title={t('issues')} issues={issues} bad />}
      {warnings.length > 0 && <IssueList title={t('warnings')} issues={warnings} />}
    </div>
  );
}
