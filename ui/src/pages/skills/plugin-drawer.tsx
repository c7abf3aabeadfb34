import { Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { control, useCall, useMethod } from '@/client/control';
import { Facts } from '@/components/facts';
import { safeAddress } from '@/components/markdown';
import { Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { useAction } from '@/lib/use-action';
import { type Plugin, pluginKeys } from './api';
import { Capabilities } from './capabilities';
import { PluginForm } from './plugin-form';

/** One plugin: where it comes from, what it has, its settings. */
export function PluginDrawer({ plugin, may, close }: { plugin: Plugin; may: boolean; close(): void }) {
  const { t } = useTranslation('skills');
  const hasForms = useMethod('plugins.settings');
  const inspection = useCall('plugins.inspect', { pluginId: plugin.id });
  const settings = useCall('plugins.settings', { pluginId: plugin.id }, { enabled: hasForms });
  const remove = useAction(() => control.call('plugins.uninstall', { pluginId: plugin.id }, { timeoutMs: 60_000 }), {
    refresh: pluginKeys,
    done: () => t('removed', { name: plugin.name }),
    onDone: close,
  });
  const ask = async () => {
    const title = t('removePlugin.title', { name: plugin.name });
    if (await confirm({ title, text: t('removePlugin.text'), action: t('remove') })) remove.mutate();
  };
  const homepage = settings.data?.homepage && safeAddress(settings.data.homepage);
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={plugin.name}
      description={plugin.description}
      shape="drawer-right"
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 pb-6">
        {plugin.error && <p className="break-words rounded-md bg-bad-wash px-3 py-2 text-sm">{plugin.error}</p>}
        <Facts
          facts={[
            [t('id'), plugin.id],
            [t('version'), plugin.version],
            [
              t('source'),
              inspection.data?.source?.spec ?? t(`origin.${plugin.origin}`, { defaultValue: plugin.origin }),
            ],
            [t('license'), settings.data?.license],
            [
              t('homepage'),
              homepage && (
                <a
                  key="home"
                  href={homepage}
                  target="_blank"
                  rel="noreferrer"
                  className="break-all text-accent underline"
                >
                  {homepage}
                </a>
              ),
            ],
          ]}
        />
        <section className="grid gap-2">
          <h3 className="font-semibold text-sm">{t('capabilities')}</h3>
          <Loaded query={inspection}>{(found) => <Capabilities found={found} />}</Loaded>
        </section>
        {hasForms && (
          <section className="grid gap-3 border-line border-t pt-4">
            <h3 className="font-semibold text-sm">{t('settings')}</h3>
            <Loaded query={settings}>
              {(found) => (
                <PluginForm key={JSON.stringify(found.config)} id={plugin.id} settings={found} readOnly={!may} />
              )}
            </Loaded>
          </section>
        )}
        {may && plugin.removable && (
          <div className="border-line border-t pt-4">
            <Button size="small" busy={remove.isPending} onClick={() => void ask()}>
              <Trash2 aria-hidden />
              {t('remove')}
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}
