import { Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { usePermission } from '@/client/session';
import { PageBody } from '@/components/page-body';
import { Button } from '@/components/ui/button';
import { Tabs } from '@/components/ui/tabs';
import { useProviders } from './api';
import { ModelTable } from './model-table';
import { NamesAndRules } from './names-and-rules';
import { ProviderDrawer } from './provider-drawer';
import { ProviderList } from './provider-list';

const parts = ['providers', 'models', 'rules'] as const;

export default function Models() {
  const { t } = useTranslation('models');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const write = usePermission('config.write');
  const providers = useProviders();
  const part = parts.find((each) => each === search.tab) ?? 'providers';
  const opened = search.provider;
  const contents = {
    providers: <ProviderList write={write} />,
    models: <ModelTable write={write} />,
    rules: <NamesAndRules write={write} />,
  };
  return (
    <PageBody
      intro={t('intro')}
      actions={
        write && (
          <Button look="primary" onClick={() => setSearch({ provider: '+' })}>
            <Plus aria-hidden />
            {t('addProvider')}
          </Button>
        )
      }
    >
      <div className="min-w-0">
        <Tabs
          value={part}
          onChange={(tab) => setSearch({ tab })}
          tabs={parts.map((each) => ({ id: each, label: t(`tab.${each}`), content: contents[each] }))}
        />
      </div>
      {opened && providers.data && (
        <ProviderDrawer
          key={opened}
          id={opened === '+' ? undefined : opened}
          providers={providers.data}
          write={write}
          close={() => setSearch({ provider: undefined })}
        />
      )}
    </PageBody>
  );
}
