import { Puzzle, RefreshCw, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { control, useCall } from '@/client/control';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { SearchField } from '@/components/ui/search-field';
import { useAction } from '@/lib/use-action';
import { pluginKeys } from './api';
import { EntryRow } from './entry-row';
import { PluginDrawer } from './plugin-drawer';
import { useSwitch } from './use-switch';

/** Plugins, how they stand, and what is wrong with them. */
export function Plugins() {
  const { t } = useTranslation('skills');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const query = useCall('plugins.list', {});
  const change = useSwitch();
  const words = (search.q ?? '').toLowerCase();
  const reload = useAction(() => control.call('plugins.refresh', {}, { timeoutMs: 60_000 }), {
    refresh: pluginKeys,
    done: () => t('reloaded'),
  });
  return (
    <div className="grid gap-4">
      <p className="text-ink-soft text-sm">{t('plugins.text')}</p>
      <SearchField label={t('findPlugin')} className="sm:max-w-72" value={search.q} onValue={(q) => setSearch({ q })} />
      <Loaded query={query} skeleton={<Skeleton lines={8} />}>
        {({ plugins, diagnostics, mutationAllowed }) => {
          const opened = plugins.find((each) => each.id === search.plugin);
          const shown = [...plugins]
            .sort((a, b) => Number(a.origin === 'bundled') - Number(b.origin === 'bundled'))
            .filter((each) => `${each.id} ${each.name} ${each.description}`.toLowerCase().includes(words));
          return (
            <>
              {diagnostics.length > 0 && (
                <Card title={t('diagnostics')} bodyClassName="p-0">
                  <ul className="divide-y divide-line">
                    {diagnostics.map((each) => (
                      <li key={`${each.pluginId} ${each.message}`} className="flex gap-2.5 px-4 py-2 text-sm">
                        <TriangleAlert
                          aria-hidden
                          className={
                            each.level === 'error'
                              ? 'mt-0.5 size-4 shrink-0 text-bad'
                              : 'mt-0.5 size-4 shrink-0 text-warn'
                          }
                        />
                        <p className="min-w-0 break-words">
                          <span className="font-medium">{each.pluginId}</span> · {each.message}
                        </p>
                      </li>
                    ))}
                  </ul>
                </Card>
              )}
              <Card
                title={t('plugins.count', { count: plugins.length })}
                bodyClassName="p-0"
                aside={
                  mutationAllowed && (
                    <Button size="small" busy={reload.isPending} onClick={() => reload.mutate()}>
                      <RefreshCw aria-hidden />
                      {t('reloadAll')}
                    </Button>
                  )
                }
              >
                {shown.length ? (
                  <ul className="divide-y divide-line">
                    {shown.map((plugin) => (
                      <EntryRow
                        key={`${plugin.id} ${plugin.origin}`}
                        name={t('switchOf', { name: plugin.name })}
                        title={plugin.name}
                        text={plugin.error ?? plugin.description}
                        badges={
                          <>
                            {plugin.version && <span className="text-ink-faint text-xs">{plugin.version}</span>}
                            <Badge>{t(`origin.${plugin.origin}`, { defaultValue: plugin.origin })}</Badge>
                            {plugin.state === 'error' && <Badge tone="bad">{t('state.error')}</Badge>}
                          </>
                        }
                        on={plugin.enabled}
                        busy={change.busy}
                        open={() => setSearch({ plugin: plugin.id })}
                        set={mutationAllowed ? (on) => change.set(plugin, on) : undefined}
                      />
                    ))}
                  </ul>
                ) : (
                  <Empty
                    icon={Puzzle}
                    title={words ? t('nothingFound') : t('noPlugins.title')}
                    text={!words && t('noPlugins.text')}
                  />
                )}
              </Card>
              {opened && (
                <PluginDrawer
                  key={opened.id}
                  plugin={opened}
                  may={mutationAllowed}
                  close={() => setSearch({ plugin: undefined })}
                />
              )}
              {change.dialog}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
