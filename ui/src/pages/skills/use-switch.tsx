import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control, useCall } from '@/client/control';
import { Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { toast } from '@/components/ui/toasts';
import { useAction } from '@/lib/use-action';
import { type Plugin, pluginKeys } from './api';
import { Capabilities } from './capabilities';

interface Switching {
  busy: boolean;
  set(plugin: Plugin, on: boolean): void;
  dialog: ReactNode;
}

/** Turns plugins on and off. Before one is turned on it is shown what it would have; what was seen is what is turned on. */
export function useSwitch(): Switching {
  const { t } = useTranslation('skills');
  const [asked, setAsked] = useState<Plugin>();
  const change = useAction(
    ({ plugin, on, token }: { plugin: Plugin; on: boolean; token?: string }) =>
      control.call('plugins.setEnabled', {
        pluginId: plugin.id,
        enabled: on,
        ...(token ? { acknowledgeCapabilities: { reviewToken: token } } : {}),
      }),
    {
      refresh: pluginKeys,
      onDone: ({ warnings }, { plugin, on }) => {
        setAsked(undefined);
        if (warnings?.length) toast.bad(warnings.join('\n'));
        else toast.good(t(on ? 'turnedOn' : 'turnedOff', { name: plugin.name }));
      },
    },
  );
  return {
    busy: change.isPending,
    set: (plugin, on) => (on ? setAsked(plugin) : change.mutate({ plugin, on })),
    dialog: asked && (
      <Review
        key={asked.id}
        plugin={asked}
        busy={change.isPending}
        close={() => setAsked(undefined)}
        enable={(token) => change.mutate({ plugin: asked, on: true, token })}
      />
    ),
  };
}

interface ReviewProps {
  plugin: Plugin;
  busy: boolean;
  close(): void;
  enable(token: string): void;
}

function Review({ plugin, busy, close, enable }: ReviewProps) {
  const { t } = useTranslation('skills');
  const query = useCall('plugins.inspect', { pluginId: plugin.id }, { staleTime: 0 });
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={t('review.title', { name: plugin.name })}
      description={t('review.text')}
      footer={
        <>
          <Button onClick={close}>{t('cancel')}</Button>
          <Button
            look="primary"
            busy={busy}
            disabled={!query.data}
            onClick={() => query.data && enable(query.data.reviewToken)}
          >
            {t('review.do')}
          </Button>
        </>
      }
    >
      <Loaded query={query}>{(found) => <Capabilities found={found} />}</Loaded>
    </Dialog>
  );
}
