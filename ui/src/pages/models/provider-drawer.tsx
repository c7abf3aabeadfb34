import { Plus, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { Input } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { everything, modelApi, type ProviderConfig, useModelNames } from './api';
import { ProviderForm } from './provider-form';
import { modelsOf } from './routing';
import { TestButton, TestResult } from './tests';

interface ProviderDrawerProps {
  /** Undefined: a new one. */
  id: string | undefined;
  providers: Record<string, ProviderConfig>;
  write: boolean;
  close(): void;
}

export function ProviderDrawer({ id, providers, write, close }: ProviderDrawerProps) {
  const { t } = useTranslation('models');
  const config = id === undefined ? undefined : providers[id];
  const remove = useAction((provider: string) => modelApi.removeProvider(provider), {
    refresh: everything,
    done: (_, provider) => t('removed', { name: provider }),
    onDone: close,
  });
  const ask = async (provider: string) => {
    const sure = await confirm({
      title: t('remove.title', { name: provider }),
      text: t('removeProvider.text'),
      action: t('remove'),
    });
    if (sure) remove.mutate(provider);
  };
  if (id !== undefined && !config) return null;
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={id ?? t('addProvider')}
      description={id === undefined ? t('addProviderText') : undefined}
      shape="drawer-right"
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-6 pb-6">
        {write && <ProviderForm key={id} id={id} config={config} taken={Object.keys(providers)} close={close} />}
        {id !== undefined && config && <Models id={id} providers={providers} write={write} />}
        {write && id !== undefined && (
          <div>
            <Button look="danger" busy={remove.isPending} onClick={() => void ask(id)}>
              <Trash2 aria-hidden />
              {t('removeProvider')}
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}

function Models({ id, providers, write }: { id: string; providers: Record<string, ProviderConfig>; write: boolean }) {
  const { t } = useTranslation('models');
  const [fresh, setFresh] = useState('');
  const names = useModelNames().data ?? [];
  const found = modelsOf(names, providers, {}).filter((model) => model.provider === id && model.name !== model.id);
  const add = useAction((model: string) => modelApi.addModel(id, model), {
    refresh: everything,
    done: (_, model) => t('added', { name: model }),
    onDone: () => setFresh(''),
  });
  const remove = useAction((model: string) => modelApi.removeModel(id, model), { refresh: everything });
  return (
    <section>
      <h3 className="mb-2 font-semibold text-sm">{t('itsModels')}</h3>
      {write && (
        <form
          className="mb-2 flex gap-2"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            if (fresh.trim()) add.mutate(fresh.trim());
          }}
        >
          <Input
            aria-label={t('modelId')}
            placeholder={t('modelId')}
            className="font-mono"
            value={fresh}
            onChange={(event) => setFresh(event.target.value)}
          />
          <Button type="submit" busy={add.isPending} disabled={!fresh.trim()}>
            <Plus aria-hidden />
            {t('addModel')}
          </Button>
        </form>
      )}
      <ul className="divide-y divide-line rounded-lg border border-line">
        {found.map((model) => (
          <li key={model.id} className="flex min-h-10 flex-wrap items-center gap-x-2 px-3 py-1">
            <span className="min-w-0 flex-1 basis-40 truncate font-mono text-xs">{model.id}</span>
            <span className="min-w-0 break-words">
              <TestResult provider={id} model={model.id} />
            </span>
            <span className="text-ink-faint text-xs">{t(`origin.${model.origin}`)}</span>
            {write && <TestButton provider={id} model={model.id} />}
            {write && model.origin === 'configured' && (
              <Button
                look="quiet"
                size="small-icon"
                aria-label={t('removeOf', { name: model.id })}
                onClick={() => remove.mutate(model.id)}
              >
                <Trash2 aria-hidden />
              </Button>
            )}
          </li>
        ))}
        {!found.length && <li className="px-3 py-2 text-ink-soft text-sm">{t('noModels')}</li>}
      </ul>
    </section>
  );
}
