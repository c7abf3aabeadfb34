import { Server } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink, useSetSearch } from '@/app/links';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Badge, Status } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { type ProviderConfig, useModelNames, useProviders } from './api';
import { apis } from './presets';
import { type Model, modelsOf } from './routing';
import { TestButton, TestResult } from './tests';

/** Those of the file, and those that accounts or the environment bring. */
export function ProviderList({ write }: { write: boolean }) {
  const { t } = useTranslation('models');
  const setSearch = useSetSearch();
  const providers = useProviders();
  const names = useModelNames();
  return (
    <Loaded query={providers} skeleton={<Skeleton lines={8} />}>
      {(configured) => (
        <Loaded query={names} skeleton={<Skeleton lines={8} />}>
          {(all) => {
            const models = modelsOf(all, configured, {}).filter((model) => model.name.startsWith(`${model.provider}/`));
            const others = models.filter((model) => model.origin === 'account').map((model) => model.provider);
            const ids = [...new Set([...Object.keys(configured), ...others])];
            if (!ids.length) {
              return (
                <Card>
                  <Empty
                    icon={Server}
                    title={t('noProviders')}
                    text={t('noProvidersText')}
                    action={
                      write && (
                        <Button look="primary" onClick={() => setSearch({ provider: '+' })}>
                          {t('addProvider')}
                        </Button>
                      )
                    }
                  />
                </Card>
              );
            }
            return (
              <ul className="grid gap-3 md:grid-cols-2 2xl:grid-cols-3">
                {ids.map((id) => (
                  <One
                    key={id}
                    id={id}
                    config={configured[id]}
                    models={models.filter((model) => model.provider === id)}
                    write={write}
                  />
                ))}
              </ul>
            );
          }}
        </Loaded>
      )}
    </Loaded>
  );
}

/** Names of models that are not asked for words. */
const NO_CHAT = /embed|rerank|image|dall-e|whisper|tts|transcribe|moderation/i;

interface OneProps {
  id: string;
  config: ProviderConfig | undefined;
  models: Model[];
  write: boolean;
}

function One({ id, config, models, write }: OneProps) {
  const { t } = useTranslation('models');
  const off = config?.enabled === false;
  const first = models.find((model) => !NO_CHAT.test(model.id)) ?? models[0];
  const tone = off ? 'neutral' : models.length ? 'good' : 'warn';
  return (
    <li className="grid grid-rows-[1fr_auto] rounded-lg border border-line bg-surface">
      <div className="min-w-0 p-4">
        <div className="flex items-center gap-2">
          {config ? (
            <PageLink
              to="/models"
              search={{ provider: id }}
              className="min-w-0 truncate font-semibold underline-offset-4 hover:underline"
            >
              {id}
            </PageLink>
          ) : (
            <span className="min-w-0 truncate font-semibold">{id}</span>
          )}
          {config ? (
            <Badge>{apis[config.api ?? 'openai-completions'] ?? config.api}</Badge>
          ) : (
            <Badge>{t('byAccount')}</Badge>
          )}
        </div>
        <p className="mt-1 min-h-5 truncate text-ink-soft text-sm" title={config?.baseUrl}>
          {config?.baseUrl}
        </p>
        <Status tone={tone} className="mt-2">
          {off ? t('off') : models.length ? t('modelCount', { count: models.length }) : t('noModels')}
        </Status>
      </div>
      <div className="flex min-h-11 flex-wrap items-center gap-2 border-line border-t px-3 py-1.5">
        {write && first && <TestButton provider={id} model={first.id} label={t('test')} />}
        <span className="min-w-0 flex-1 basis-40 break-words leading-tight">
          {first && <TestResult provider={id} model={first.id} />}
        </span>
        {config && (
          <Button asChild look="quiet" size="small">
            <PageLink to="/models" search={{ provider: id }}>
              {write ? t('edit') : t('details')}
            </PageLink>
          </Button>
        )}
      </div>
    </li>
  );
}
