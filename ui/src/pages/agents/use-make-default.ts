import { useTranslation } from 'react-i18next';
import { patchConfig } from '@/client/configuration';
import { useAction } from '@/lib/use-action';
import { agentsKey, configKey } from './data';
import { withDefault } from './entries';

/** Makes an agent the one that answers where nobody is named. */
export function useMakeDefault() {
  const { t } = useTranslation('agents');
  return useAction(({ id }: { id: string; name: string }) => patchConfig((now) => withDefault(now, id)), {
    refresh: [agentsKey, configKey],
    done: (_, { name }) => t('makeDefault.done', { name }),
  });
}
